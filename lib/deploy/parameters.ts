import { corsHeaders, isOrigin } from '../http/cors.ts'
import { readServerlessYml } from '../project/serverlessYml.ts'
import { SetupError } from '../project/setupError.ts'

/** The parameters of a stage by name: the values of the command line over those of serverless.yml. */
export type Parameters = Record<string, unknown>

/**
 * Reads the parameters of a stage, and checks those whose faults would otherwise show in a half-made stack or in the
 * first request.
 *
 * @param assignments the parameters of the command line, such as `tokenIssuer=https://issuer.example`
 * @throws {SetupError} that names the wrong or missing parameter and says what it must be
 */
export function readParameters(stage: string, assignments: string[]): Parameters {
  const { params } = readServerlessYml() as { params: Record<string, Parameters> }
  const known = new Set([
    ...['tokenIssuer', 'tokenJwks'],
    ...Object.values(params).flatMap((some) => Object.keys(some)),
  ])
  const assigned = assignments.map((text) => {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? []
    if (name === undefined || value === undefined)
      throw new SetupError(`--param ${text}: write it as name=value`)
    if (!known.has(name))
      throw new SetupError(`--param ${text}: there is no parameter ${name}; serverless.yml names them all`)
    return [name, value] as const
  })
  const parameters: Parameters = { ...params.default, ...params[stage], ...Object.fromEntries(assigned) }
  const { tokenIssuer, tokenJwks, storefrontOrigins, storefrontUrl } = parameters
  if (!tokenIssuer)
    throw new SetupError(
      'The parameter tokenIssuer is missing: the issuer of the tokens for writers, as in their claim "iss". Add --param tokenIssuer=https://issuer.example',
    )
  for (const [name, value] of Object.entries({ tokenIssuer, tokenJwks })) {
    if (value !== undefined && URL.parse(String(value))?.protocol !== 'https:')
      throw new SetupError(`The parameter ${name} is ${value}: it must be an https: URL`)
  }
  if (tokenJwks === undefined && String(tokenIssuer).endsWith('/'))
    throw new SetupError(
      `The parameter tokenIssuer is ${tokenIssuer}: because it ends with a slash, you also have to say where its keys are. Add --param tokenJwks=${tokenIssuer}.well-known/jwks.json`,
    )
  if (storefrontUrl && !isOrigin(String(storefrontUrl)))
    throw new SetupError(
      `The parameter storefrontUrl is ${storefrontUrl}: it must be an origin such as https://shop.example, without a slash at the end`,
    )
  try {
    corsHeaders(String(storefrontOrigins ?? ''))
  } catch (error) {
    throw new SetupError(`The parameter storefrontOrigins: ${(error as Error).message}`)
  }
  return parameters
}

/** Sums up the concurrent executions that the functions of a stage reserve. */
export function sumReservedConcurrency(parameters: Parameters): number {
  const { functions } = readServerlessYml() as {
    functions: Record<string, { reservedConcurrency?: unknown }>
  }
  return Object.values(functions).reduce((sum, { reservedConcurrency }) => {
    const [, name = ''] = /^\$\{param:(\w+)\}$/.exec(String(reservedConcurrency)) ?? []
    return sum + (Number(parameters[name] ?? 0) || 0)
  }, 0)
}
