import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { projectFolder } from '../../lib/project/folder.ts'
import { runScript } from '../support/cli.ts'
import { blocksOf } from '../support/readme.ts'
import { freshRedis } from '../support/redis.ts'

const folder = mkdtempSync(join(tmpdir(), 'aisle-package-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const run = (command: string, args: string[], env: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)(command, args, { cwd: folder, env: { ...process.env, ...env }, timeout: 120_000 })

const page = 'lib/cacheAside/README.md'
const example = blocksOf('ts', page).find((text) => text.includes("from 'aisle-cache-aside'")) ?? ''
const printed = blocksOf('text', page).find((text) => text.includes('uri-miss')) ?? ''

/** Which Node.js runs the example; that of the project, or another one that the package promises to run on. */
const node = process.env.PACKAGE_NODE || process.execPath

/** Types and the compiler that the example is checked by: those of the project. */
const tools = ['typescript', '@types/node', 'ioredis'].map((name) =>
  join(projectFolder, 'node_modules', name),
)

test('lib/cacheAside can be taken alone: the example of its README runs, as TypeScript and as JavaScript', async () => {
  const packed = await runScript('cli/packCacheAside.ts', ['--to', folder], process.env)
  expect(packed.code, packed.err).toBe(0)
  const [file = ''] = packed.out.split('\n')
  expect(packed.out).toContain(`npm install ${file} ioredis`)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }))
  await run('npm', [
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--install-links=false',
    file,
    ...tools,
  ])

  writeFileSync(join(folder, 'example.ts'), example)
  const options = ['--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
  await run(process.execPath, [join(folder, 'node_modules/typescript/bin/tsc'), ...options, 'example.ts'])
  const redis = await freshRedis()
  const env = { REDIS_URL: redis.url }
  for (const script of ['example.ts', 'example.js'])
    expect((await run(node, [script], env)).stdout, script).toBe(printed)
}, 180_000)
