import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { SetupError } from '../project/setupError.ts'
import { codeOf, makeFolder } from './servers/folder.ts'

/** Who signs local tokens and for whom: what serverless.yml's stage `local` tells the authorizer to accept. */
export const localIssuer = 'aisle-local'
export const localAudience = 'aisle'

/**
 * The key that signs local tokens, made on first use. Two files lie in `home`: `key.json`, the private key, readable
 * by its owner only, and `jwks.json`, the public key set that the authorizer reads. Both appear whole or not at all.
 *
 * @throws {SetupError} when the folder cannot be written, or key.json holds no key
 */
export async function tokenKey(home: string): Promise<JWK> {
  makeFolder(home)
  const file = join(home, 'key.json')
  const key = readKey(file) ?? (await makeKey(file))
  const { d: _, ...open } = key
  const set = `${JSON.stringify({ keys: [{ ...open, use: 'sig' }] }, null, 2)}\n`
  const setFile = join(home, 'jwks.json')
  if (read(setFile) !== set) {
    const draft = `${setFile}.${randomUUID()}`
    writeFileSync(draft, set)
    renameSync(draft, setFile)
  }
  return key
}

/**
 * A token that the local stack accepts.
 *
 * @param scope what it allows, separated by spaces
 * @param seconds how long it is valid
 */
export async function signLocalToken(
  key: JWK,
  { scope, seconds, subject }: { scope: string; seconds: number; subject: string },
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...(key.kid && { kid: key.kid }) })
    .setIssuer(localIssuer)
    .setAudience(localAudience)
    .setSubject(subject)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .setJti(randomUUID())
    .sign(key)
}

function readKey(file: string): JWK | undefined {
  const text = read(file)
  if (text === undefined) return undefined
  try {
    const key: JWK = JSON.parse(text)
    if (key.kty === 'EC' && key.crv === 'P-256' && key.d && key.kid) return key
  } catch {}
  throw new SetupError(`${file} holds no signing key. Remove it: the next start makes a new one`)
}

async function makeKey(file: string): Promise<JWK> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(pair.privateKey)
  const key = { ...jwk, alg: 'ES256', kid: await calculateJwkThumbprint(jwk) }
  const draft = `${file}.${randomUUID()}`
  writeFileSync(draft, `${JSON.stringify(key, null, 2)}\n`, { mode: 0o600 })
  try {
    // A link, unlike a rename, never replaces the key that another process made meanwhile.
    linkSync(draft, file)
    return key
  } catch (error) {
    const other = codeOf(error) === 'EEXIST' ? readKey(file) : undefined
    if (!other) throw error
    return other
  } finally {
    rmSync(draft, { force: true })
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
