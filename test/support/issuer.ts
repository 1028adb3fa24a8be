import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { type Certificate, trustedCertificate } from './tls.ts'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Starts a token issuer, an HTTPS server on 127.0.0.1 that publishes its one key. `answers` makes it answer otherwise.
 *
 * @param certificate by default one that this process trusts
 */
export async function startIssuer(certificate: Certificate = trustedCertificate()) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const key = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }
  const publish: Answer = (_, response) => response.end(JSON.stringify({ keys: [key] }))
  let answer = publish
  const requests: string[] = []
  const server = createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
    requests.push(request.url ?? '')
    answer(request, response)
  })
  const sockets = new Map<number | undefined, Socket>()
  server.on('connection', (socket: Socket) => sockets.set(socket.remotePort, socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    jwks: `https://127.0.0.1:${port}/jwks.json`,
    key,
    /** The path of each request so far. */
    requests,
    /** Changes the answer of all further requests. Without an argument the issuer publishes its key again. */
    answers(next: Answer = publish) {
      answer = next
    },
    /** Resets the connection of a request. The socket of the request itself is TLS and cannot. */
    reset: ({ socket }: IncomingMessage) => void sockets.get(socket.remotePort)?.resetAndDestroy(),
    /** Signs a token that the issuer `https://issuer.example` issued for the audience `aisle`, valid for an hour. */
    sign: (claims: JWTPayload = {}, header: { kid?: string } = { kid: 'k' }) =>
      new SignJWT({
        iss: 'https://issuer.example',
        aud: 'aisle',
        sub: 'ann',
        scope: 'catalog:write',
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', ...header })
        .setExpirationTime(claims.exp ?? '1h')
        .sign(privateKey),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
