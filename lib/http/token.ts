import { errors, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose'
import { createKeySet, pauseMs } from './issuerKeys.ts'

/**
 * What the authorizer passes to a handler: the token's subject, name and scope, or why the token was refused, or why
 * it could not be checked.
 */
export interface TokenContext {
  subject?: string
  /** The user's name, as the claim `name` has it. It is not unique, and may contain any character. */
  name?: string
  /** Scopes, separated by spaces. */
  scope?: string
  /** The token is at fault: 401. */
  refusal?: string
  /** The issuer's keys cannot be read or used: 503. The token may be valid. */
  unavailable?: string
}

/**
 * Only signatures made with a private key. `none` is left out, and so are algorithms with a shared secret, for which
 * an attacker could pass off a public key.
 */
const algorithms = ['ES256', 'ES384', 'RS256', 'RS384', 'PS256', 'PS384', 'EdDSA']

/** The longest token, characters. */
const maxToken = 8192

/** The longest subject, characters. OpenID Connect Core, section 2, has the same limit. */
const maxSubject = 255

/** The most keys that are tried for a token that does not name its key. Issuers publish two or three. */
const maxKeys = 8

/**
 * Returns a function that verifies a bearer token (RFC 6750, RFC 7519): signature, issuer, audience and expiry. It
 * returns the token's subject, name and scope. If the keys cannot be read or used, it writes a line to the log, at
 * most one in 5 s.
 *
 * @param jwks where the issuer publishes its keys: an https URL, or `file:` and a path for local development
 */
export function createTokenVerifier({
  issuer,
  audience,
  jwks,
}: {
  issuer: string
  audience: string
  jwks: string
}) {
  const keys = createKeySet(jwks)
  let loggedAt = Number.NEGATIVE_INFINITY
  const logFailure = (error: unknown) => {
    if (Math.abs(Date.now() - loggedAt) < pauseMs) return
    loggedAt = Date.now()
    // The alarm token-keys looks for this message (resources/watching.yml).
    const message = 'The keys of the token issuer cannot be read'
    console.error(JSON.stringify({ level: 'error', message, error: formatCauses(error) }))
  }
  return async (authorization: string | undefined): Promise<TokenContext> => {
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(authorization ?? '')?.[1]
    if (!token) return { refusal: describeMissingToken(authorization) }
    if (token.length > maxToken) return { refusal: `The token is longer than ${maxToken} characters` }
    try {
      const { payload } = await verify(token, keys, {
        issuer,
        audience,
        algorithms,
        requiredClaims: ['exp'],
      })
      const { sub, name, scope = '' }: { sub?: unknown; name?: unknown; scope?: unknown } = payload
      // Two subjects must never become one. A store replaces a lone surrogate.
      if (sub !== undefined && !(typeof sub === 'string' && sub.length <= maxSubject && sub.isWellFormed()))
        return { refusal: `The claim sub of a token must be text of at most ${maxSubject} characters` }
      if (typeof scope !== 'string')
        return { refusal: 'The claim scope of a token must be text: names separated by spaces' }
      return { ...(sub && { subject: sub }), ...(typeof name === 'string' && name && { name }), scope }
    } catch (error) {
      // Names the failed check only if that helps an honest caller.
      if (error instanceof errors.JWTExpired) return { refusal: 'The token has expired. Get a new one' }
      if (error instanceof errors.JOSEError)
        return {
          refusal:
            "The token is not valid for this API: its signature, issuer, audience or dates are wrong. Get one from this API's issuer",
        }
      // Not only KeysUnavailable: jose throws a TypeError for a key that is too short.
      logFailure(error)
      return { unavailable: 'The token cannot be checked right now. Try again' }
    }
  }
}

/** Says what a header without a token lacks. An empty variable in a shell script leaves `Bearer` alone. */
function describeMissingToken(authorization = ''): string {
  if (authorization.trim() === '') return 'Send a token: authorization: Bearer …'
  const [scheme = '', token] = authorization.trim().split(/ +/)
  if (scheme.toLowerCase() !== 'bearer')
    return 'The header authorization must begin with Bearer, followed by a space and the token'
  return token === undefined
    ? 'The header authorization has no token after Bearer. A variable that should hold it may be empty'
    : 'What follows Bearer in the header authorization is not a token: three parts in base64url, joined by dots'
}

/**
 * Verifies a token. If it does not name its key, and several keys of the issuer fit, each of them is tried.
 *
 * @throws a JOSEError if the token is at fault
 * @throws anything else if the issuer's keys are
 */
async function verify(token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions) {
  try {
    return await jwtVerify(token, keys, options)
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    let failure: unknown = new errors.JWSSignatureVerificationFailed()
    let tried = 0
    for await (const key of error) {
      if (++tried > maxKeys) break
      try {
        return await jwtVerify(token, key, options)
      } catch (fault) {
        if (fault instanceof errors.JWSSignatureVerificationFailed) continue
        if (fault instanceof errors.JOSEError) throw fault
        // This key cannot be used. The token may be signed with another one.
        failure = fault
      }
    }
    throw failure
  }
}

/** Formats an error and its causes in one line, without their stacks. */
function formatCauses(error: unknown): string {
  const causes: unknown[] = []
  for (let cause = error; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined)
    causes.push(cause)
  return causes.join(' caused by ')
}
