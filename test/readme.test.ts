import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { projectFolder } from '../lib/local/folder.ts'
import { ownEnv, runCommand } from './support/cli.ts'

const readme = readFileSync(join(projectFolder, 'README.md'), 'utf8')
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  )

/** Each command of the README that shows what it prints, in order. */
const commands = blocks('console')
  .join('')
  .split(/^\$ /m)
  .slice(1)
  .map((text) => {
    const [command = '', ...output] = text.split('\n')
    return { command, output: output.join('\n') }
  })

/** Numbers, times and sizes differ from run to run. */
const comparable = (text: string) =>
  text
    .replace(/\d+(\.\d+)?/g, '0')
    .replace(/\r/g, '')
    .trim()

test('the commands of the README print what it says, with npm start as it says', async () => {
  expect(blocks('sh')).toEqual(['npm ci\nnpm start\n', 'npm ci\nnpm test\n'])
  expect(commands.length).toBeGreaterThan(8)

  const own = await ownEnv()
  const start = runCommand('npm', ['start'], own)
  await start.printed(/Ready after/)

  // One shell for all, as a newcomer has; each command's output between two marks.
  const script = commands.map(({ command }) => `echo '@@@'; ${command} 2>&1`).join('\n')
  const { stdout } = await promisify(execFile)(
    'bash',
    [
      '-c',
      script
        .replaceAll('127.0.0.1:3000', `127.0.0.1:${own.PORT}`)
        .replaceAll('.aisle/', `${own.AISLE_HOME}/`),
    ],
    {
      cwd: projectFolder,
      env: {
        ...process.env,
        AISLE_HOME: own.AISLE_HOME,
        REDIS_URL: `redis://127.0.0.1:${own.AISLE_REDIS_PORT}`,
        DYNAMODB_ENDPOINT: `http://127.0.0.1:${own.AISLE_DYNAMODB_PORT}`,
      },
      timeout: 150_000,
    },
  )
  const printed = stdout.split('@@@\n').slice(1)
  expect(
    printed.map((output, index) => ({ command: commands[index]?.command, output: comparable(output) })),
  ).toEqual(commands.map(({ command, output }) => ({ command, output: comparable(output) })))
}, 240_000)

test('every variable and parameter of the README is one that the project reads, and the other way round', () => {
  const mentioned = new Set(
    [...readme.matchAll(/`(PORT|REDIS_URL|DYNAMODB_ENDPOINT|AISLE_[A-Z_]+)`/g)].map(([, name]) => name),
  )
  const start = readFileSync(join(projectFolder, 'cli/start.ts'), 'utf8')
  const read = new Set([...start.matchAll(/^ {2}(PORT|[A-Z]+_[A-Z_]+) /gm)].map(([, name]) => name))
  expect(mentioned).toEqual(read)
  const parameters = [
    ...readFileSync(join(projectFolder, 'serverless.yml'), 'utf8').matchAll(/\$\{param:(\w+)\}/g),
  ].map(([, name]) => name)
  // What differs between this machine and AWS, and is nobody's to choose.
  const given = ['dynamodbEndpoint', 'redisUrl', 'redisIam']
  for (const name of new Set(parameters)) {
    if (!given.includes(name ?? '')) expect(readme).toContain(`\`${name}\``)
  }
})

test('every folder of the layout exists, and every link of the README leads somewhere', () => {
  const layout = blocks('text').find((text) => text.startsWith('functions/')) ?? ''
  const paths = [...layout.matchAll(/^(\S+)/gm), ...readme.matchAll(/\]\((?!http)([^)#]+)\)/g)].map(
    ([, path = '']) => path,
  )
  expect(paths.length).toBeGreaterThan(8)
  for (const path of paths) expect(() => readFileSync(join(projectFolder, path)), path).not.toThrow(/ENOENT/)
})
