import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { parse } from 'yaml'
import { projectFolder } from '../../lib/project/folder.ts'

const { custom, functions } = parse(readFileSync(join(projectFolder, 'serverless.yml'), 'utf8'))

/** The functions of serverless.yml: their names, and their files. */
export const functionFiles: Record<string, string> = Object.fromEntries(
  Object.entries<{ handler: string }>(functions).map(([name, { handler }]) => [
    name,
    handler.replace(/\.handler$/, '.ts'),
  ]),
)

/**
 * Bundles as `serverless package` does, by the options of serverless.yml and the defaults of serverless-esbuild.
 *
 * @returns bytes of the bundle
 */
export async function bundle(
  outfile: string,
  input: Pick<BuildOptions, 'entryPoints' | 'stdin'>,
): Promise<number> {
  const { minify, mainFields, target } = custom.esbuild
  await build({
    ...input,
    ...{ outfile, minify, mainFields, target },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    absWorkingDir: projectFolder,
    logLevel: 'error',
  })
  return statSync(outfile).size
}
