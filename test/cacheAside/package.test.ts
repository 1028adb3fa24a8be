import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { runScript } from '../support/cli.ts'
import { codeBlocks } from '../support/readme.ts'
import { freshRedis } from '../support/redis.ts'

const directory = mkdtempSync(join(tmpdir(), 'aisle-package-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const run = (command: string, args: string[], env: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)(command, args, { cwd: directory, env: { ...process.env, ...env }, timeout: 120_000 })

const readme = 'lib/cacheAside/README.md'
const example = codeBlocks('ts', readme).find((text) => text.includes("from 'aisle-cache-aside'")) ?? ''
const expectedOutput = codeBlocks('text', readme).find((text) => text.includes('uri-miss')) ?? ''

/** The Node.js that runs the example: the project's own, or another version that the package supports. */
const node = process.env.PACKAGE_NODE || process.execPath

/** The compiler and the types that check the example: the project's own. */
const tools = ['typescript', '@types/node', 'ioredis'].map((name) =>
  join(projectDirectory, 'node_modules', name),
)

test('lib/cacheAside works as a package: the example in its README runs as TypeScript and as JavaScript', async () => {
  const packed = await runScript('cli/packCacheAside.ts', ['--to', directory], process.env)
  expect(packed.code, packed.err).toBe(0)
  const [file = ''] = packed.out.split('\n')
  expect(packed.out).toContain(`npm install ${file} ioredis`)
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module', private: true }))
  await run('npm', [
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--install-links=false',
    file,
    ...tools,
  ])

  writeFileSync(join(directory, 'example.ts'), example)
  const options = ['--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
  await run(process.execPath, [join(directory, 'node_modules/typescript/bin/tsc'), ...options, 'example.ts'])
  const redis = await freshRedis()
  const env = { REDIS_URL: redis.url }
  for (const script of ['example.ts', 'example.js'])
    expect((await run(node, [script], env)).stdout, script).toBe(expectedOutput)
}, 180_000)
