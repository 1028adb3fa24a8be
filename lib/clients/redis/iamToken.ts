import { createHash, createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { SignatureV4 } from '@smithy/signature-v4'
import type { AwsCredentialIdentity } from '@smithy/types'

/** ElastiCache takes a token for this long after it was made, s. */
const life = 900
/** A token is used for new connections for this long, ms: it is then still good for a third of its life. */
const use = 600_000
/** The most that getting the credentials may take, ms. Where they lie in the environment, as on Lambda, it takes none. */
const patience = 2000

/** What a token is made of. */
export interface TokenOptions {
  /** ARN of the cache: `arn:aws:elasticache:{region}:{account}:serverlesscache:{name}`, or `replicationgroup`. */
  cache: string
  user: string
  /** Those of the role that has `elasticache:Connect` on the cache and on its user. */
  credentials: () => Promise<AwsCredentialIdentity>
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number
}

/**
 * The passwords of an ElastiCache user that authenticates by IAM: a presigned request to connect (Signature Version 4,
 * without its scheme), made in this process and checked by ElastiCache.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
 *
 * A token serves all connections that are made within ten minutes; however many ask at once, one is made.
 *
 * @throws {Error} for what is no ARN of a cache
 */
export class Tokens {
  readonly #options: Required<TokenOptions>
  readonly #cache: ReturnType<typeof parseArn>
  #token: Promise<string> = Promise.resolve('')
  #usableUntil = 0

  constructor({ now = Date.now, ...options }: TokenOptions) {
    this.#options = { now, ...options }
    this.#cache = parseArn(options.cache)
  }

  /** @throws what getting the credentials throws; the next call tries again */
  get(): Promise<string> {
    if (this.#options.now() >= this.#usableUntil) {
      // Until it is made, for all who ask meanwhile.
      this.#usableUntil = Number.POSITIVE_INFINITY
      this.#token = this.#make().catch((error) => {
        this.forget()
        throw error
      })
    }
    return this.#token
  }

  /** The next one is made anew: this one was refused, perhaps since its credentials were replaced. */
  forget(): void {
    this.#usableUntil = 0
  }

  async #make(): Promise<string> {
    const { user, now } = this.#options
    const { region, name, isServerless } = this.#cache
    const credentials = await Promise.race([
      this.#options.credentials(),
      sleep(patience, undefined, { ref: false }).then(() => {
        throw new Error(`No credentials for the cache within ${patience} ms`)
      }),
    ])
    const signer = new SignatureV4({ service: 'elasticache', region, credentials, sha256: Sha256 })
    const madeAt = now()
    const { query = {} } = await signer.presign(
      {
        method: 'GET',
        protocol: 'https:',
        hostname: name,
        path: '/',
        headers: { host: name },
        query: { Action: 'connect', User: user, ...(isServerless && { ResourceType: 'ServerlessCache' }) },
      },
      { expiresIn: life, signingDate: new Date(madeAt) },
    )
    // A token does not outlive the credentials it is signed by.
    this.#usableUntil = Math.min(madeAt + use, credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY)
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
  // ElastiCache knows its caches in lower case, and the name is signed.
  return { region, name: name.toLowerCase(), isServerless: type === 'serverlesscache' }
}

type Data = Parameters<InstanceType<ConstructorParameters<typeof SignatureV4>[0]['sha256']>['update']>[0]

/** Node's SHA-256, in the shape that the signer wants. */
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
