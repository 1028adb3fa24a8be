import { readFile } from 'node:fs/promises'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose'

/**
 * The keys of the token issuer cannot be read or used. The token may be valid. The message is for the log: it says what
 * the issuer answered, and never contains a token.
 */
export class KeysUnavailable extends Error {
  override name = 'KeysUnavailable'
}

/**
 * The longest that fetching the keys may take, with the last byte of the body, in ms. The authorizer needs an answer
 * well before Lambda's timeout (6 s) and that of API Gateway (10 s).
 */
const fetchMs = 2000

/** The largest key set, bytes. The JWT authorizer of API Gateway has the same limit. */
const maxBytes = 150_000

/**
 * How long no fetch follows one that failed, in ms, while there are no keys younger than ten minutes. The `Retry-After`
 * of the 503 names the same time (request.ts). It bounds what an issuer that is away costs: without it each request
 * would fetch, and wait for {@link fetchMs}.
 */
export const pauseMs = 5000

/**
 * How long no fetch follows another, in ms, failed or not, while there are keys younger than ten minutes. Anyone can
 * send an unknown key id, and so cause a fetch, and a line in the log if it fails.
 */
const refetchMs = 30_000

/**
 * Returns a function that finds the key for a token.
 *
 * Fetched keys are used for ten minutes (jose's default). A token whose key is unknown or cannot be used leads to
 * another fetch, but at most once in 30 s. In between, an unknown key is the token's fault. Requests at the same time
 * share one fetch.
 *
 * @param jwks where the issuer publishes its keys: an https URL, or `file:` and a path for local development
 * @returns throws a JOSEError if the token is at fault, and KeysUnavailable if the issuer is
 */
export function createKeySet(jwks: string): JWTVerifyGetKey {
  const findKey = jwks.startsWith('https:') ? createRemoteKeySet(jwks) : createFileKeySet(jwks)
  return async (header, token) => {
    try {
      return await findKey(header, token)
    } catch (error) {
      if (error instanceof KeysUnavailable || isFaultOfToken(error, header)) throw error
      throw new KeysUnavailable(`The key for tokens with ${header.alg} cannot be used`, { cause: error })
    }
  }
}

/** Whether a key set that can be used has no key for a token. */
const isFaultOfToken = (error: unknown, { kid }: { kid?: unknown }) =>
  error instanceof errors.JWKSNoMatchingKey ||
  // A token need not name its key. The error then iterates over the keys that fit.
  (error instanceof errors.JWKSMultipleMatchingKeys && kid === undefined)

function createRemoteKeySet(jwks: string): JWTVerifyGetKey {
  /** The last fetch that has ended, and how it failed. */
  let last: { at: number; failure?: unknown } | undefined
  const hasFetchedWithin = (ms: number) => {
    const ago = Date.now() - (last?.at ?? Number.NEGATIVE_INFINITY)
    // A negative time means that the clock was set back.
    return ago >= 0 && ago < ms
  }
  const fetchAfterPause: FetchImplementation = async (url, options) => {
    if (last?.failure !== undefined && hasFetchedWithin(pauseMs)) throw last.failure
    try {
      const response = await fetchKeys(url, options)
      last = { at: Date.now() }
      return response
    } catch (failure) {
      last = { at: Date.now(), failure }
      throw failure
    }
  }
  const keys = createRemoteJWKSet(new URL(jwks), {
    timeoutDuration: fetchMs,
    // jose does not fetch for an unknown key id by itself. Its pause would not count failed fetches.
    cooldownDuration: Number.POSITIVE_INFINITY,
    [customFetch]: fetchAfterPause,
    // The issuer closes an idle connection before the next fetch. A thawed process would not know that yet.
    headers: { connection: 'close' },
  })
  return async (header, token) => {
    try {
      return await keys(header, token)
    } catch (error) {
      const mayBeMended = error instanceof errors.JWKSNoMatchingKey || !isFaultOfToken(error, header)
      if (error instanceof KeysUnavailable || !mayBeMended || hasFetchedWithin(refetchMs)) throw error
      await keys.reload()
      return keys(header, token)
    }
  }
}

/**
 * Fetches a key set without following redirects. The signal of `options` ends the whole, not only the wait for headers.
 */
async function fetchKeys(url: string, options: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, options)
    if (response.status !== 200) {
      // Closes the connection. The body may be endless.
      response.body?.cancel().catch(() => {})
      throw new KeysUnavailable(`The status is ${response.status} instead of 200`)
    }
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new KeysUnavailable(`The key set is larger than ${maxBytes} bytes`)
      chunks.push(chunk)
    }
    const text = Buffer.concat(chunks).toString()
    parseKeySet(text)
    return new Response(text)
  } catch (error) {
    throw error instanceof KeysUnavailable ? error : new KeysUnavailable('The fetch failed', { cause: error })
  }
}

function createFileKeySet(jwks: string): JWTVerifyGetKey {
  if (!jwks.startsWith('file:')) throw new Error('TOKEN_JWKS must begin with https: or file:')
  // Not parsed as a URL, so that directory names may contain any character. Relative to the working directory.
  const file = jwks.slice('file:'.length)
  // Read every time: on a developer's machine the key may be created after this process has started.
  return async (header, token) => createLocalJWKSet(parseKeySet(await readFile(file, 'utf8')))(header, token)
}

/**
 * Parses a key set.
 *
 * @throws {KeysUnavailable} if the text is none, or has no public key for signatures
 */
function parseKeySet(text: string): JSONWebKeySet {
  try {
    const set: JSONWebKeySet = JSON.parse(text)
    createLocalJWKSet(set)
    if (set.keys.some(({ kty, use }) => kty !== undefined && kty !== 'oct' && (use ?? 'sig') === 'sig'))
      return set
  } catch (error) {
    throw new KeysUnavailable('The text is not a JSON Web Key Set', { cause: error })
  }
  throw new KeysUnavailable('The key set has no public key for signatures')
}
