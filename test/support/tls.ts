import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { type Certificate, createCertificate } from './certificate.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

export type { Certificate } from './certificate.ts'

/**
 * Creates a certificate for 127.0.0.1 and localhost. Only this process trusts its authority, from now on. Certificates
 * are verified as usual, and a client needs no special setting.
 */
export function trustedCertificate(): Certificate {
  const certificate = makeCertificate()
  setDefaultCACertificates([...getCACertificates(), certificate.authority])
  return certificate
}

/** Creates a certificate whose authority no process trusts. Its files are removed when this process exits. */
export const makeCertificate = (): Certificate => createCertificate(temporaryDirectory('aisle-tls-'))
