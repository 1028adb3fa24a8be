import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from '../lib/local/command.ts'
import { projectDirectory } from '../lib/project/projectDirectory.ts'
import { runMain } from '../lib/project/runMain.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run pack:cacheAside -- [options]

Makes an npm package of lib/cacheAside alone: JavaScript and type declarations, to install next to ioredis.

Options:
  --to DIRECTORY  where to put the tarball  [default: the current directory]
  --help          print this help
`

const source = join(projectDirectory, 'lib/cacheAside')
const name = 'aisle-cache-aside'

async function main(): Promise<undefined> {
  const { values } = parseArgs({
    options: { to: { type: 'string', default: '.' }, help: { type: 'boolean', default: false } },
  })
  if (values.help) {
    process.stdout.write(help)
    return undefined
  }
  const directory = mkdtempSync(join(tmpdir(), 'aisle-pack-'))
  try {
    const tsc = join(projectDirectory, 'node_modules/typescript/bin/tsc')
    await runOrThrow('tsc', process.execPath, [tsc, '-p', source, '--outDir', directory])
    importJavaScript(directory)
    copyFileSync(join(projectDirectory, 'LICENSE'), join(directory, 'LICENSE'))
    writeFileSync(join(directory, 'README.md'), toReadme(readFileSync(join(source, 'README.md'), 'utf8')))
    writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
    const to = resolve(values.to)
    const pack = ['pack', '--silent', '--pack-destination', to]
    const out = await runOrThrow('npm pack', 'npm', pack, directory)
    const file = join(to, out.trim().split('\n').at(-1) ?? '')
    process.stdout.write(`${file}\nTo install it: npm install ${file} ioredis\n`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  return undefined
}

async function runOrThrow(
  label: string,
  command: string,
  args: string[],
  cwd = projectDirectory,
): Promise<string> {
  const { ok, out, error } = await runCommand(command, args, { timeout: 120_000, cwd })
  if (!ok) throw new SetupError(`${label} failed: ${error || out.trim()}`)
  return out
}

/** Lets declarations import .js files: the compiler leaves .ts in them, and the package contains no .ts files. */
function importJavaScript(directory: string): void {
  for (const file of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue
    const text = readFileSync(join(directory, file), 'utf8')
    writeFileSync(
      join(directory, file),
      text.replace(/(from '\.[^']*|import\("\.[^"]*)\.ts(['"])/g, '$1.js$2'),
    )
  }
}

/** Links sources to their declarations, and removes the links to files that are not in the package. */
const toReadme = (text: string): string =>
  text.replace(/\]\((?!http|#)([\w/]+)\.ts\)/g, ']($1.d.ts)').replace(/\[([^\]]+)\]\(\.\.\/[^)]*\)/g, '$1')

function manifest() {
  const { version, license, dependencies } = JSON.parse(
    readFileSync(join(projectDirectory, 'package.json'), 'utf8'),
  )
  return {
    ...{ name, version, license },
    description:
      'Cache-aside for Redis or Valkey: one load for each miss, and no stale value after an update.',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=22' },
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    types: './index.d.ts',
    files: ['**/*.js', '**/*.d.ts'],
    dependencies: { 'cluster-key-slot': dependencies['cluster-key-slot'] },
    peerDependencies: { ioredis: dependencies.ioredis },
  }
}

await runMain(main)
