import { createHash, createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { SignatureV4 } from '@smithy/signature-v4'
import type { AwsCredentialIdentity } from '@smithy/types'

/** How long ElastiCache accepts a token after its creation, s. */
const lifeSeconds = 900
/** How long a token is used for new connections, in ms. After that it remains valid for another third of its life. */
const useMs = 600_000
/** How long loading the credentials may take, in ms. From the environment, as on Lambda, it takes no time. */
const credentialsMs = 2000

/** The contents of a token. */
export interface TokenOptions {
  /** ARN of the cache: `arn:aws:elasticache:{region}:{account}:serverlesscache:{name}`, or `replicationgroup`. */
  cache: string
  user: string
  /** Loads the credentials of the role that has `elasticache:Connect` on the cache and on its user. */
  credentials: () => Promise<AwsCredentialIdentity>
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number
}

/**
 * Creates the passwords of an ElastiCache user that authenticates with IAM. A password is a token: a presigned
 * request to connect (Signature Version 4, without its scheme). This process signs it, and ElastiCache verifies it.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
 *
 * All connections that are made within ten minutes use one token. Concurrent callers share it while it is created.
 *
 * @throws {Error} if `cache` is not the ARN of a cache
 */
export class TokenSource {
  readonly #options: Required<TokenOptions>
  readonly #cache: ReturnType<typeof parseArn>
  #token: Promise<string> = Promise.resolve('')
  #usableUntil = 0

  constructor({ now = Date.now, ...options }: TokenOptions) {
    this.#options = { now, ...options }
    this.#cache = parseArn(options.cache)
  }

  /**
   * Returns a valid token.
   *
   * @throws what loading the credentials throws; the next call tries again
   */
  get(): Promise<string> {
    if (this.#options.now() >= this.#usableUntil) {
      // Callers share this token until it is created.
      this.#usableUntil = Number.POSITIVE_INFINITY
      this.#token = this.#create().catch((error) => {
        this.discard()
        throw error
      })
    }
    return this.#token
  }

  /**
   * Makes the next call create a new token: the cache refused this one, perhaps because its credentials were
   * replaced.
   */
  discard(): void {
    this.#usableUntil = 0
  }

  async #create(): Promise<string> {
    const { user, now } = this.#options
    const { region, name, isServerless } = this.#cache
    const credentials = await Promise.race([
      this.#options.credentials(),
      sleep(credentialsMs, undefined, { ref: false }).then(() => {
        throw new Error(`No credentials for the cache within ${credentialsMs} ms`)
      }),
    ])
    const signer = new SignatureV4({ service: 'elasticache', region, credentials, sha256: Sha256 })
    const createdAt = now()
    const { query = {} } = await signer.presign(
      {
        method: 'GET',
        protocol: 'https:',
        hostname: name,
        path: '/',
        headers: { host: name },
        query: { Action: 'connect', User: user, ...(isServerless && { ResourceType: 'ServerlessCache' }) },
      },
      { expiresIn: lifeSeconds, signingDate: new Date(createdAt) },
    )
    // A token is not valid longer than the credentials that signed it.
    this.#usableUntil = Math.min(
      createdAt + useMs,
      credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY,
    )
    const parameters = Object.entries(query).map((pair) => pair.map(String).map(encodeURIComponent).join('='))
    return `${name}/?${parameters.join('&')}`
  }
}

function parseArn(arn: string) {
  const [, region, type, name] =
    /^arn:[\w-]+:elasticache:([\w-]+):\d{12}:(serverlesscache|replicationgroup):([\w-]+)$/.exec(arn) ?? []
  if (!region || !name) {
    throw new Error(
      `REDIS_IAM is ${arn}: it must be the ARN of the cache, arn:aws:elasticache:region:account:serverlesscache:name`,
    )
  }
  // ElastiCache stores the names of caches in lower case, and the signature covers the name.
  return { region, name: name.toLowerCase(), isServerless: type === 'serverlesscache' }
}

type Data = Parameters<InstanceType<ConstructorParameters<typeof SignatureV4>[0]['sha256']>['update']>[0]

/** SHA-256 of Node.js with the interface that the signer requires. */
class Sha256 {
  readonly #hash
  constructor(secret?: Data) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret))
  }
  update(data: Data): void {
    this.#hash.update(bytes(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

const bytes = (data: Data) =>
  typeof data === 'string'
    ? Buffer.from(data)
    : ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data)
