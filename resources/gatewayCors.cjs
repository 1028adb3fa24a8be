// What an HTTP API says to browsers by its CorsConfiguration, as AWS documents it: it answers preflights by itself, at
// every path, and replaces the CORS headers of the functions by its own. An origin that is not listed is told nothing.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html

/** The answers by the template's own CorsConfiguration; undefined where it has none, so that they are one truth. */
module.exports.corsOf = ({ Conditions: conditions, extensions }) => {
  const settings = resolved(extensions.HttpApi.Properties.CorsConfiguration, conditions)
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

/** What CloudFormation makes of a value, by those of its functions that the setting uses. */
function resolved(value, conditions) {
  if (typeof value !== 'object' || value === null) return value
  const of = (part) => resolved(part, conditions)
  if (Array.isArray(value)) return value.map(of)
  const [[name, given] = [], ...more] = Object.entries(value)
  const isFunction = more.length === 0 && (name === 'Ref' || name?.startsWith('Fn::'))
  if (!isFunction) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, of(part)]))
  if (name === 'Ref' && given === 'AWS::NoValue') return undefined
  if (name === 'Fn::If') return of(of(conditions[given[0]]) ? given[1] : given[2])
  if (name === 'Fn::Not') return !of(given[0])
  if (name === 'Fn::Equals') return of(given[0]) === of(given[1])
  if (name === 'Fn::Split') return of(given[1]).split(of(given[0]))
  throw new Error(
    `CorsConfiguration in resources/http.yml uses ${name}, which resources/gatewayCors.cjs does not know`,
  )
}
