import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../../lib/local/command.ts'
import { projectFolder } from '../../lib/project/folder.ts'

/** A resource of CloudFormation. Its properties are looked into as they are: the validators know their types. */
export interface Resource {
  Type: string
  Condition?: string
  DeletionPolicy?: string
  UpdateReplacePolicy?: string
  // biome-ignore lint/suspicious/noExplicitAny: a tree of CloudFormation, of which a test names the leaves
  Properties: any
}

export interface Template {
  /** The file that CloudFormation is given. */
  file: string
  text: string
  resources: Record<string, Resource>
  /** The resources of a type. */
  all(type: string): Resource[]
}

/** What every stage has to be told. */
export const issuer = 'https://issuer.example'

/**
 * Packages a stage as `serverless deploy` does, without credentials and without a network; bounded by 5 minutes, of which
 * it takes some seconds on a machine that does nothing else.
 *
 * @throws {Error} with what it printed, where it fails
 */
export async function packageStage(stage: string, params: Record<string, string> = {}): Promise<Template> {
  const folder = mkdtempSync(join(tmpdir(), 'aisle-package-'))
  const all = Object.entries({ tokenIssuer: issuer, ...params }).map(
    ([name, value]) => `--param=${name}=${value}`,
  )
  const args = ['serverless', 'package', '--stage', stage, '--package', folder, ...all]
  const { PATH = '', HOME = '' } = process.env
  const env = {
    ...{ PATH, HOME, AWS_EC2_METADATA_DISABLED: 'true', SLS_TELEMETRY_DISABLED: '1' },
    AISLE_BUILD: `test-${process.pid}-${stage}`,
  }
  const { ok, out, why } = await runCommand('npx', args, { timeout: 300_000, env, cwd: projectFolder })
  if (!ok) throw new Error(`Stage ${stage} cannot be packaged: ${why}\n${out}`)
  const file = join(folder, 'cloudformation-template-update-stack.json')
  const text = readFileSync(file, 'utf8')
  const resources: Record<string, Resource> = JSON.parse(text).Resources
  return {
    file,
    text,
    resources,
    all: (type) => Object.values(resources).filter(({ Type }) => Type === type),
  }
}
