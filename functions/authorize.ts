import type { APIGatewayRequestAuthorizerEventV2 as Event } from 'aws-lambda'
import { required } from '../lib/clients/config.ts'
import { headerOf } from '../lib/http/request.ts'
import { tokenVerifier } from '../lib/http/token.ts'

const verify = tokenVerifier({
  issuer: required(process.env, 'TOKEN_ISSUER'),
  audience: required(process.env, 'TOKEN_AUDIENCE'),
  jwks: required(process.env, 'TOKEN_JWKS'),
})

/**
 * Lets every request pass with what its token is worth; the handlers of writes refuse all that is not worth enough.
 * A gateway's own refusal would be a 403 without a problem document, whatever was wrong with the token.
 */
export const handler = async ({ headers }: Event) => ({
  isAuthorized: true,
  context: await verify(headerOf(headers, 'authorization')),
})
