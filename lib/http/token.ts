import { readFile } from 'node:fs/promises'
import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose'

/** What the authorizer passes to a handler: the token's subject and scope, or why the token was refused. */
export interface TokenContext {
  subject?: string
  /** Scopes, separated by spaces. */
  scope?: string
  refusal?: string
}

/**
 * Only signatures made with a private key. `none` is left out, and so are algorithms with a shared secret, for which
 * an attacker could pass off a public key.
 */
const algorithms = ['ES256', 'ES384', 'RS256', 'RS384', 'PS256', 'PS384', 'EdDSA']

/**
 * Returns a function that verifies a bearer token (RFC 6750, RFC 7519): signature, issuer, audience and expiry. It
 * returns the token's scope.
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
  return async (authorization: string | undefined): Promise<TokenContext> => {
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(authorization ?? '')?.[1]
    if (!token || token.length > 8192) return { refusal: 'Send a token: authorization: Bearer …' }
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms,
        requiredClaims: ['exp'],
      })
      const scope = typeof payload.scope === 'string' ? payload.scope : ''
      return { ...(payload.sub && { subject: payload.sub }), scope }
    } catch (error) {
      // Names the failed check only if that helps an honest caller.
      if (error instanceof errors.JWTExpired) return { refusal: 'The token has expired' }
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout))
        return { refusal: 'The token is not valid here' }
      console.error(
        JSON.stringify({
          level: 'error',
          message: 'The keys of the token issuer cannot be read',
          error: String(error),
        }),
      )
      return { refusal: 'The token cannot be checked right now' }
    }
  }
}

function createKeySet(jwks: string): JWTVerifyGetKey {
  if (jwks.startsWith('https:')) return createRemoteJWKSet(new URL(jwks), { timeoutDuration: 2000 })
  if (!jwks.startsWith('file:')) throw new Error('TOKEN_JWKS must begin with https: or file:')
  // Not parsed as a URL, so that directory names may contain any character. Relative to the working directory.
  const file = jwks.slice('file:'.length)
  // Read every time: on a developer's machine the key may be created after this process has started.
  return async (header, input) => createLocalJWKSet(JSON.parse(await readFile(file, 'utf8')))(header, input)
}
