import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda'
import { requireVariable } from '../lib/clients/config.ts'
import { getHeader } from '../lib/http/header.ts'
import { createTokenVerifier } from '../lib/http/token.ts'

const verify = createTokenVerifier({
  issuer: requireVariable(process.env, 'TOKEN_ISSUER'),
  audience: requireVariable(process.env, 'TOKEN_AUDIENCE'),
  jwks: requireVariable(process.env, 'TOKEN_JWKS'),
})

/**
 * Verifies the token of a request and passes the result to the handler. It authorises every request; the handlers of
 * writes refuse requests whose token does not allow the write. If the gateway refused a request itself, the response would
 * be a 403 without a problem document, whatever was wrong with the token.
 */
export const handler = async ({ headers }: Pick<APIGatewayRequestAuthorizerEventV2, 'headers'>) => ({
  isAuthorized: true,
  context: await verify(getHeader(headers, 'authorization')),
})
