import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from '../lib/local/command.ts'
import { asCommand } from '../lib/project/asCommand.ts'
import { projectFolder } from '../lib/project/folder.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run pack:cacheAside -- [options]

Makes a package of lib/cacheAside alone: JavaScript and type declarations, to be installed anywhere beside ioredis.

Options:
  --to FOLDER  where the tarball shall lie  [default: here]
  --help       print this
`

const source = join(projectFolder, 'lib/cacheAside')
const name = 'aisle-cache-aside'

async function main(): Promise<undefined> {
  const { values } = parseArgs({
    options: { to: { type: 'string', default: '.' }, help: { type: 'boolean', default: false } },
  })
  if (values.help) {
    process.stdout.write(help)
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'aisle-pack-'))
  try {
    const tsc = join(projectFolder, 'node_modules/typescript/bin/tsc')
    await done('tsc', process.execPath, [tsc, '-p', source, '--outDir', folder])
    declareJavaScript(folder)
    copyFileSync(join(projectFolder, 'LICENSE'), join(folder, 'LICENSE'))
    writeFileSync(join(folder, 'README.md'), readmeOf(readFileSync(join(source, 'README.md'), 'utf8')))
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
    const to = resolve(values.to)
    const out = await done('npm pack', 'npm', ['pack', '--silent', '--pack-destination', to], folder)
    const file = join(to, out.trim().split('\n').at(-1) ?? '')
    process.stdout.write(`${file}\nInstall it: npm install ${file} ioredis\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return undefined
}

async function done(what: string, command: string, args: string[], cwd = projectFolder): Promise<string> {
  const { ok, out, why } = await runCommand(command, args, { timeout: 120_000, cwd })
  if (!ok) throw new SetupError(`${what} failed: ${why || out.trim()}`)
  return out
}

/** The compiler leaves the names of sources in declarations; whoever installs the package has none of them. */
function declareJavaScript(folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue
    const text = readFileSync(join(folder, file), 'utf8')
    writeFileSync(join(folder, file), text.replace(/(from '\.[^']*|import\("\.[^"]*)\.ts(['"])/g, '$1.js$2'))
  }
}

/** Sources are named by their declarations; what is not in the package loses its link. */
const readmeOf = (text: string): string =>
  text.replace(/\]\((?!http|#)([\w/]+)\.ts\)/g, ']($1.d.ts)').replace(/\[([^\]]+)\]\(\.\.\/[^)]*\)/g, '$1')

function manifest() {
  const { version, license, dependencies } = JSON.parse(
    readFileSync(join(projectFolder, 'package.json'), 'utf8'),
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

await asCommand(main)
