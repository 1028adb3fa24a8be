import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { parse } from 'yaml'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'

const { custom, functions } = parse(readFileSync(join(projectDirectory, 'serverless.yml'), 'utf8'))

/** The files of the functions in serverless.yml, by the functions' names. */
export const functionFiles: Record<string, string> = Object.fromEntries(
  Object.entries<{ handler: string }>(functions).map(([name, { handler }]) => [
    name,
    handler.replace(/\.handler$/, '.ts'),
  ]),
)

/**
 * Bundles as `serverless package` does, with the options of serverless.yml and the defaults of serverless-esbuild.
 *
 * @returns the size of the bundle, bytes
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
    absWorkingDir: projectDirectory,
    logLevel: 'error',
  })
  return statSync(outfile).size
}
