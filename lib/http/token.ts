import { readFile } from 'node:fs/promises'
import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose'

/** What the authorizer tells a handler: whose token it was and what it allows, or why it was refused. */
export interface TokenContext {
  subject?: string
  /** Separated by spaces. */
  scope?: string
  refusal?: string
}

/** Only signatures made with a private key: no `none`, and no shared secret that a public key could be taken for. */
const algorithms = ['ES256', 'ES384', 'RS256', 'RS384', 'PS256', 'PS384', 'EdDSA']

/**
 * Makes the check of a bearer token (RFC 6750, RFC 7519): signature, issuer, audience, expiry, scope.
 *
 * @param jwks where the issuer publishes its keys: an https URL, or `file:` and a path for local use
 */
export function tokenVerifier({
  issuer,
  audience,
  jwks,
}: {
  issuer: string
  audience: string
  jwks: string
}) {
  const key = keySet(jwks)
  return async (authorization: string | undefined): Promise<TokenContext> => {
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(authorization ?? '')?.[1]
    if (!token || token.length > 8192) return { refusal: 'Send a token: authorization: Bearer …' }
    try {
      const { payload } = await jwtVerify(token, key, {
        issuer,
        audience,
        algorithms,
        requiredClaims: ['exp'],
      })
      const scope = typeof payload.scope === 'string' ? payload.scope : ''
      return { ...(payload.sub && { subject: payload.sub }), scope }
    } catch (error) {
      // Which of the checks failed is told only where it helps an honest caller.
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

function keySet(jwks: string): JWTVerifyGetKey {
  if (jwks.startsWith('https:')) return createRemoteJWKSet(new URL(jwks), { timeoutDuration: 2000 })
  if (!jwks.startsWith('file:')) throw new Error('TOKEN_JWKS must begin with https: or file:')
  // A path as it is, with whatever a folder may be called; relative to the working directory.
  const file = jwks.slice('file:'.length)
  // Read each time: the key of a developer's machine may be made after this process.
  return async (header, input) => createLocalJWKSet(JSON.parse(await readFile(file, 'utf8')))(header, input)
}
