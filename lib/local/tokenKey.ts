import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { errorCode } from '../project/errorCode.ts'
import { SetupError } from '../project/setupError.ts'
import { createFile, replaceFile } from './servers/atomicFile.ts'
import { makeDirectory } from './servers/dataDirectory.ts'

/** The issuer and the audience of local tokens. In the stage `local`, the authorizer accepts these two. */
export const localIssuer = 'aisle-local'
export const localAudience = 'aisle'

/**
 * Reads the key that signs local tokens, and creates it on first use.
 *
 * The directory then holds two files: `key.json`, the private key, which only its owner can read, and `jwks.json`, the
 * public key set, which the authorizer reads. Each file is written atomically.
 *
 * @throws {SetupError} if the directory is not writable, a file cannot be read or written, or key.json contains no key
 */
export async function tokenKey(dataDirectory: string): Promise<JWK> {
  makeDirectory(dataDirectory)
  const file = join(dataDirectory, 'key.json')
  const key = readKey(file) ?? (await makeKey(file))
  const { d: _, ...publicKey } = key
  const set = `${JSON.stringify({ keys: [{ ...publicKey, use: 'sig' }] }, null, 2)}\n`
  const setFile = join(dataDirectory, 'jwks.json')
  if (read(setFile) !== set) replaceFile(setFile, set)
  return key
}

/**
 * Signs a token that the local stack accepts.
 *
 * @param scope the permissions, separated by spaces
 * @param name the user's name, which a review shows
 * @param seconds how long the token is valid
 */
export async function signLocalToken(
  key: JWK,
  { scope, seconds, subject, name }: { scope: string; seconds: number; subject: string; name: string },
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ scope, name })
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
  throw new SetupError(`${file} does not contain a signing key. Delete it: the next start creates a new one`)
}

async function makeKey(file: string): Promise<JWK> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(pair.privateKey)
  const key = { ...jwk, alg: 'ES256', kid: await calculateJwkThumbprint(jwk) }
  if (createFile(file, `${JSON.stringify(key, null, 2)}\n`, 0o600)) return key
  // Another process has just created it.
  return readKey(file) ?? makeKey(file)
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw new SetupError(`Cannot read ${file} (${errorCode(error)}). Make it readable, or delete it`)
  }
}
