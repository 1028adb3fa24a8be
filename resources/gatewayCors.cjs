// Imitates the CORS answers of an HTTP API, as AWS documents them. The API answers preflights by itself, at every path,
// and replaces the functions' CORS headers with its own. An origin that is not listed gets no CORS headers.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html

/**
 * Returns the CORS headers of answers and of preflights, from the template's own CorsConfiguration, so that there is
 * one source. Undefined if the template has none.
 */
module.exports.corsOf = ({ Conditions: conditions, extensions }) => {
  const settings = resolve(extensions.HttpApi.Properties.CorsConfiguration, conditions)
  if (settings === undefined) return undefined
  const { AllowOrigins, AllowMethods, AllowHeaders, ExposeHeaders, MaxAge, AllowCredentials } = settings
  const answer = (origin) =>
    AllowOrigins.includes(origin)
      ? {
          'access-control-allow-origin': origin,
          ...(ExposeHeaders && { 'access-control-expose-headers': ExposeHeaders.join(',') }),
          ...(AllowCredentials && { 'access-control-allow-credentials': 'true' }),
        }
      : {}
  const preflight = (origin) =>
    AllowOrigins.includes(origin)
      ? {
          ...answer(origin),
          ...(AllowMethods && { 'access-control-allow-methods': AllowMethods.join(',') }),
          ...(AllowHeaders && { 'access-control-allow-headers': AllowHeaders.join(',') }),
          ...(MaxAge !== undefined && { 'access-control-max-age': String(MaxAge) }),
        }
      : {}
  return { answer, preflight }
}

/** Resolves a value as CloudFormation would, with only those intrinsic functions that the setting uses. */
function resolve(value, conditions) {
  if (typeof value !== 'object' || value === null) return value
  const of = (part) => resolve(part, conditions)
  if (Array.isArray(value)) return value.map(of)
  const [[name, argument] = [], ...more] = Object.entries(value)
  const isFunction = more.length === 0 && (name === 'Ref' || name?.startsWith('Fn::'))
  if (!isFunction) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, of(part)]))
  if (name === 'Ref' && argument === 'AWS::NoValue') return undefined
  if (name === 'Fn::If') return of(of(conditions[argument[0]]) ? argument[1] : argument[2])
  if (name === 'Fn::Not') return !of(argument[0])
  if (name === 'Fn::Equals') return of(argument[0]) === of(argument[1])
  if (name === 'Fn::Split') return of(argument[1]).split(of(argument[0]))
  throw new Error(
    `CorsConfiguration in resources/http.yml uses ${name}, which resources/gatewayCors.cjs does not know`,
  )
}
