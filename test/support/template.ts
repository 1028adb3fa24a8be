import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../lib/local/command.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { cleanupEnv } from './markedProcesses.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

/** A CloudFormation resource. Its properties are untyped, because the validators check them. */
export interface Resource {
  Type: string
  Condition?: string
  DeletionPolicy?: string
  UpdateReplacePolicy?: string
  // biome-ignore lint/suspicious/noExplicitAny: a CloudFormation tree, from which each test reads a few properties
  Properties: any
}

export interface Template {
  /** The path of the template that CloudFormation receives. */
  file: string
  text: string
  resources: Record<string, Resource>
  /** Returns the resources of a type. */
  all(type: string): Resource[]
}

/** The token issuer, which is the one required parameter of every stage. */
export const issuer = 'https://issuer.example'

/**
 * Packages a stage as `serverless deploy` does, without credentials and without a network. The time limit is 5 minutes.
 * An idle machine needs a few seconds.
 *
 * @throws {Error} with the output, if it fails
 */
export async function packageStage(stage: string, params: Record<string, string> = {}): Promise<Template> {
  const directory = temporaryDirectory('aisle-package-')
  const allParams = Object.entries({ tokenIssuer: issuer, ...params }).map(
    ([name, value]) => `--param=${name}=${value}`,
  )
  const args = ['serverless', 'package', '--stage', stage, '--package', directory, ...allParams]
  const { PATH = '', HOME = '' } = process.env
  const env = {
    ...cleanupEnv(),
    ...{ PATH, HOME, AWS_EC2_METADATA_DISABLED: 'true', SLS_TELEMETRY_DISABLED: '1' },
    AISLE_BUILD: `test-${process.pid}-${stage}`,
  }
  const { ok, out, error } = await runCommand('npx', args, { timeout: 300_000, env, cwd: projectDirectory })
  if (!ok) throw new Error(`Stage ${stage} could not be packaged: ${error}\n${out}`)
  const file = join(directory, 'cloudformation-template-update-stack.json')
  const text = readFileSync(file, 'utf8')
  const resources: Record<string, Resource> = JSON.parse(text).Resources
  return {
    file,
    text,
    resources,
    all: (type) => Object.values(resources).filter(({ Type }) => Type === type),
  }
}
