import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll } from 'vitest'
import { type Certificate, certificateIn } from './certificate.ts'

export type { Certificate } from './certificate.ts'

/**
 * A certificate for 127.0.0.1 and localhost, by an authority that this process trusts from now on and no other does.
 * Certificates are checked as always: a client needs no setting for it.
 */
export function trustedCertificate(): Certificate {
  const certificate = makeCertificate()
  setDefaultCACertificates([...getCACertificates(), certificate.authority])
  return certificate
}

/** A certificate by an authority that nobody knows. */
export function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'aisle-tls-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return certificateIn(folder)
}
