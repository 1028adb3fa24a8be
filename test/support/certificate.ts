import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Certificate = ReturnType<typeof createCertificate>

/** Creates a certificate for 127.0.0.1 and localhost, and a new authority for it, in an empty directory. */
export function createCertificate(directory: string) {
  const file = (name: string) => join(directory, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', timeout: 20_000 })
  const newKey = (name: string) => [
    ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file(name)],
  ]
  openssl(
    ...['req', '-x509', ...newKey('ca.key'), '-out', file('ca.crt'), '-days', '2'],
    ...['-subj', '/CN=Aisle test authority'],
  )
  openssl('req', ...newKey('server.key'), '-out', file('server.csr'), '-subj', '/CN=127.0.0.1')
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  openssl(
    ...['x509', '-req', '-in', file('server.csr'), '-CA', file('ca.crt'), '-CAkey', file('ca.key')],
    ...['-CAcreateserial', '-days', '2', '-extfile', file('names'), '-out', file('server.crt')],
  )
  return {
    authority: readFileSync(file('ca.crt'), 'utf8'),
    /** For NODE_EXTRA_CA_CERTS of another process. */
    authorityFile: file('ca.crt'),
    key: readFileSync(file('server.key'), 'utf8'),
    cert: readFileSync(file('server.crt'), 'utf8'),
    /** The settings of a Redis that uses the certificate. */
    args: [
      ...['--tls-cert-file', file('server.crt'), '--tls-key-file', file('server.key')],
      ...['--tls-ca-cert-file', file('ca.crt'), '--tls-auth-clients', 'no'],
    ],
  }
}
