import { LambdaClient } from '@aws-sdk/client-lambda'
import { SetupError } from '../project/setupError.ts'

/** Where `npm run deploy` puts a stage if nothing names a region. */
const defaultRegion = 'eu-central-1'

/**
 * Finds the region of a command: that of `--region`, of AWS_REGION, of AWS_DEFAULT_REGION, or of the profile, in this
 * order, as the AWS command line does. An empty variable counts as unset. Sets AWS_REGION to it, so that each client
 * and each command that this process starts uses the same region: the SDK for JavaScript ignores AWS_DEFAULT_REGION.
 *
 * @param option the value of `--region`
 * @returns undefined if nothing names a region
 * @throws {SetupError} if `option` cannot be a region
 */
export async function findRegion(option: string | undefined): Promise<string | undefined> {
  if (option !== undefined && !/^[a-z]+(-[a-z0-9]+)*$/.test(option))
    throw new SetupError(`--region ${option} is not the name of a region: use one such as eu-central-1`)
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env
  const region = option ?? (AWS_REGION || AWS_DEFAULT_REGION || (await readProfileRegion()))
  if (region !== undefined) process.env.AWS_REGION = region
  return region
}

/** Finds the region of a command on a stage: {@link findRegion}, else the default of `npm run deploy`. */
export async function findStageRegion(option: string | undefined): Promise<string> {
  process.env.AWS_REGION = (await findRegion(option)) ?? defaultRegion
  return process.env.AWS_REGION
}

/** Reads the region of the profile that AWS_PROFILE names, or of the profile `default`. */
async function readProfileRegion(): Promise<string | undefined> {
  // Otherwise the SDK takes an empty variable for the region.
  delete process.env.AWS_REGION
  const client = new LambdaClient()
  try {
    return await client.config.region()
  } catch {
    return undefined
  } finally {
    client.destroy()
  }
}
