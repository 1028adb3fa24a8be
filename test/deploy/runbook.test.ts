import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { runCommand } from '../../lib/local/command.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { readServerlessYml } from '../../lib/project/serverlessYml.ts'
import { counters } from '../../lib/telemetry/requestMetrics.ts'
import type { Resource } from '../support/template.ts'

const read = (file: string) => readFileSync(join(projectDirectory, file), 'utf8')
const text = read('docs/operations.md')
const resources: Record<string, Resource> = {
  ...parse(read('resources/watching.yml')).Resources,
  ...createRequire(import.meta.url)('../../resources/functionAlarms.cjs').Resources,
}
const alarms = Object.values(resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')

/** Converts a heading to the anchor that GitHub makes for it. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
const headings = (part: string) => [...part.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
/** Returns the sections of a part of the runbook. */
const part = (name: string) => new RegExp(`^## ${name}\\n(.*?)(?=^## )`, 'ms').exec(text)?.[1] ?? ''
const [symptomSections, alarmSections, outageSections] = [part('Symptoms'), part('Alarms'), part('Outages')]

test('the runbook begins with a product that shows the fault, then with symptoms, then with alarms', () => {
  expect(/^ *(npm|aws|npx) .*$/m.exec(text)?.[0]).toMatch(/^npm run cache -- inspect \S+ --stage prod$/)
  const parts = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
  expect(parts.slice(0, 2)).toEqual(['Symptoms', 'Alarms'])
  const symptoms = headings(symptomSections)
  for (const symptom of ['A customer sees an old price', 'The shop is slow', 'The bill is high'])
    expect(symptoms).toContain(symptom)
})

test('every symptom names a command or a query, and leads to alarms or outages', () => {
  const causes = new Set(headings(alarmSections + outageSections).map(anchor))
  for (const section of symptomSections.split(/^### /m).slice(1)) {
    const [title] = section.split('\n', 1)
    expect(section, title).toMatch(/npm run (cache|smoke)|```text\n/)
    const links = [...section.matchAll(/\]\(#([^)]+)\)/g)].map(([, to = '']) => to)
    expect(links.filter((to) => causes.has(to)).length, title).toBeGreaterThan(0)
  }
})

test('every alarm can be reached from a symptom', () => {
  const linked = new Set([...symptomSections.matchAll(/\]\(#([^)]+)\)/g)].map(([, to]) => to))
  for (const alarm of headings(alarmSections)) expect(linked).toContain(alarm)
})

test('every query uses fields that the log lines have', () => {
  const queries = [...text.matchAll(/^ *```text\n([\s\S]*?)^ *```$/gm)].map(([, query = '']) => query)
  expect(queries.length).toBeGreaterThan(2)
  const own = ['route', 'status', 'cache', 'ms', 'dbMs', 'cacheMs', 'warnings', 'error', 'level', ...counters]
  const known = new Set([...own, 'timestamp', 'log', 'message'])
  const words = /\b(fields|filter|sort|limit|stats|by|as|desc|count|sum|avg|pct|and|or|like|info|GET|POST)\b/g
  for (const query of queries) {
    const aliases = [...query.matchAll(/ as (\w+)/g)].map(([, name]) => name)
    const text = query.replace(/"[^"]*"/g, '').replace(words, '')
    const used = text.match(/[a-zA-Z_]\w*/g) ?? []
    for (const name of used) expect([...known, ...aliases], query).toContain(name)
  }
})

test('the runbook quotes what the cache command prints', () => {
  for (const words of ['there is no such product in the database', 'An entry is older than the database']) {
    expect(symptomSections).toContain(words)
    expect(read('lib/operations/formatResult.ts')).toContain(words)
  }
})

test('every alarm names its section of the runbook, and every section has an alarm', () => {
  const named = alarms.map(({ Properties }) => {
    const [, section = ''] = / See docs\/operations\.md#([a-z-]+)$/.exec(Properties.AlarmDescription) ?? []
    expect(Properties.AlarmName).toMatch(new RegExp(`-${section}$`))
    return section
  })
  expect(alarms.length).toBeGreaterThan(50)
  expect(new Set(named)).toEqual(new Set(headings(alarmSections)))
})

test('every section says what readers or writers see, what to check and what to do', () => {
  for (const section of alarmSections.split(/^### /m).slice(1))
    for (const word of [/\*\*(Readers|Writers)/, /\*\*Check\*\*/, /\*\*Do\*\*/]) expect(section).toMatch(word)
})

test('every link leads to an existing heading or file', () => {
  const anchors = new Set(headings(text).map(anchor))
  const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, to = '']) => to)
  expect(links.length).toBeGreaterThan(30)
  for (const link of links.filter((link) => !link.startsWith('https:'))) {
    const [file = '', heading] = link.split('#')
    if (file !== '') expect(existsSync(join(projectDirectory, 'docs', file)), link).toBe(true)
    const there = file === '' ? anchors : new Set(headings(read(join('docs', file))).map(anchor))
    if (heading !== undefined) expect(there, link).toContain(heading)
  }
})

test('every npm script that the runbook names exists', () => {
  const { scripts } = JSON.parse(read('package.json'))
  for (const [, name = ''] of text.matchAll(/npm run ([\w-]+)/g)) expect(scripts).toHaveProperty(name)
})

test('bash can parse every block of commands', async () => {
  const blocks = [...text.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)].map(([, , block = '']) => block)
  expect(blocks.length).toBeGreaterThan(8)
  for (const block of blocks)
    expect(await runCommand('bash', ['-n', '-c', block], { timeout: 10_000 })).toMatchObject({ ok: true })
})

test('the runbook names every variable of the CI workflow', () => {
  const names = [...read('.github/workflows/ci.yml').matchAll(/vars\.([A-Z_]+)/g)].map(([, name]) => name)
  expect(names.length).toBeGreaterThan(8)
  for (const name of names) expect(text).toContain(`\`${name}\``)
})

test('every alarm uses existing routes and existing metrics', () => {
  const functions: { events?: { httpApi?: string | { method: string; path: string } }[] }[] = Object.values(
    readServerlessYml().functions,
  )
  const routes = new Set(
    functions.flatMap(({ events = [] }) =>
      events.flatMap(({ httpApi }) =>
        typeof httpApi === 'object' ? `${httpApi.method} ${httpApi.path}` : (httpApi ?? []),
      ),
    ),
  )
  const values: Record<string, Set<string>> = {
    route: routes,
    // These functions run without a request.
    stream: new Set(['onProductChange']),
    job: new Set(['audit', 'warm']),
  }
  const counted = new Set([...counters, 'stale', 'sampled', 'malformedRecords', 'tokenKeysAway'])
  const metrics = alarms.flatMap(({ Properties }) => [
    Properties,
    ...(Properties.Metrics ?? []).flatMap(
      ({ MetricStat }: { MetricStat?: { Metric: object } }) => MetricStat?.Metric ?? [],
    ),
  ])
  const own = metrics.filter(({ Namespace }) => Namespace === '${self:custom.metrics}')
  expect(own.length).toBeGreaterThan(20)
  for (const { MetricName, Dimensions = [] } of own) {
    expect(counted).toContain(MetricName)
    for (const { Name, Value } of Dimensions) {
      expect(values[Name] ?? new Set()).toContain(Value)
    }
  }
})

test('an alarm with an expression defines exactly the metrics that it uses, and at most ten', () => {
  for (const { Properties } of alarms) {
    const { Metrics = [] } = Properties as {
      Metrics?: { Id: string; Expression?: string; ReturnData?: boolean }[]
    }
    if (Metrics.length === 0) continue
    const [result, ...inputs] = Metrics
    expect(inputs.length, Properties.AlarmName).toBeLessThanOrEqual(10)
    for (const { ReturnData } of inputs) expect(ReturnData).toBe(false)
    const used = result?.Expression?.includes('METRICS()')
      ? inputs.map(({ Id }) => Id)
      : [...(result?.Expression?.matchAll(/\b[a-z]\w*\b/g) ?? [])].map(([name]) => name)
    expect(new Set(used), Properties.AlarmName).toEqual(new Set(inputs.map(({ Id }) => Id)))
  }
})
