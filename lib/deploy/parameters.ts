import { corsHeaders, isOrigin } from '../http/cors.ts'
import { definition } from '../project/definition.ts'
import { SetupError } from '../project/setupError.ts'

/** The parameters of a stage by their names: what serverless.yml says of the stage, under what the command line says. */
export type Parameters = Record<string, unknown>

/**
 * Reads the parameters of a stage, and checks what would otherwise be found out when the stack is half made, or by the
 * first request.
 *
 * @param given such as `tokenIssuer=https://issuer.example`
 * @throws {SetupError} that says which parameter is wrong, or missing, and what it has to be
 */
export function checkedParameters(stage: string, given: string[]): Parameters {
  const { params } = definition() as { params: Record<string, Parameters> }
  const known = new Set([
    ...['tokenIssuer', 'tokenJwks'],
    ...Object.values(params).flatMap((some) => Object.keys(some)),
  ])
  const own = given.map((text) => {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? []
    if (name === undefined || value === undefined)
      throw new SetupError(`--param ${text}: write it as name=value`)
    if (!known.has(name))
      throw new SetupError(`--param ${text}: there is no parameter ${name}, see serverless.yml`)
    return [name, value] as const
  })
  const parameters: Parameters = { ...params.default, ...params[stage], ...Object.fromEntries(own) }
  const { tokenIssuer, tokenJwks, storefrontOrigins, storefrontUrl } = parameters
  if (!tokenIssuer)
    throw new SetupError(
      'The parameter tokenIssuer is missing: who issues the tokens of those who may write, as their claim "iss" names it. Add --param tokenIssuer=https://issuer.example',
    )
  for (const [name, value] of Object.entries({ tokenIssuer, tokenJwks })) {
    if (value !== undefined && URL.parse(String(value))?.protocol !== 'https:')
      throw new SetupError(`The parameter ${name} is ${value}: it has to be an https: address`)
  }
  if (tokenJwks === undefined && String(tokenIssuer).endsWith('/'))
    throw new SetupError(
      `The parameter tokenIssuer is ${tokenIssuer}: after its slash its keys cannot be guessed. Say where they are, too: --param tokenJwks=${tokenIssuer}.well-known/jwks.json`,
    )
  if (storefrontUrl && !isOrigin(String(storefrontUrl)))
    throw new SetupError(
      `The parameter storefrontUrl is ${storefrontUrl}: it has to be an origin such as https://shop.example, without a slash at its end`,
    )
  try {
    corsHeaders(String(storefrontOrigins ?? ''))
  } catch (error) {
    throw new SetupError(`The parameter storefrontOrigins: ${(error as Error).message}`)
  }
  return parameters
}

/** How many concurrent executions the functions of a stage reserve together. */
export function reservedConcurrency(parameters: Parameters): number {
  const { functions } = definition() as { functions: Record<string, { reservedConcurrency?: unknown }> }
  return Object.values(functions).reduce((sum, { reservedConcurrency }) => {
    const [, name = ''] = /^\$\{param:(\w+)\}$/.exec(String(reservedConcurrency)) ?? []
    return sum + (Number(parameters[name] ?? 0) || 0)
  }, 0)
}
