/** The parts of a cache's URL. */
export interface Address {
  isCluster: boolean
  tls: boolean
  host: string
  port: number
  /** Empty if the URL names none. */
  username: string
  /** Empty if the URL has none. */
  password: string
  /** The number of a single server's database; a cluster has only 0. */
  db: number
}

/**
 * Parses the URL of a cache.
 *
 * @throws {Error} if the URL does not name a cache; the message leaves out the URL, which may hold a password
 */
export function parseAddress(url: string): Address {
  const parsed = URL.parse(url)
  const [, s, cluster] = /^redis(s?)(-cluster)?:$/.exec(parsed?.protocol ?? '') ?? []
  const [, db] = /^\/?(\d{0,5})$/.exec(parsed?.pathname ?? '-') ?? []
  const [username, password] = [decode(parsed?.username), decode(parsed?.password)]
  const isComplete = parsed?.hostname && parsed.port !== '0' && !parsed.search && !parsed.hash
  if (
    !parsed ||
    !isComplete ||
    s === undefined ||
    db === undefined ||
    (cluster && Number(db) !== 0) ||
    username === undefined ||
    password === undefined
  ) {
    throw new Error(
      'REDIS_URL must be redis://host:port or redis-cluster://host:port, with rediss instead of redis for TLS. Write every character of a password that is not a letter or digit as %XX',
    )
  }
  return {
    isCluster: cluster !== undefined,
    tls: s === 's',
    // Only a URL puts an IPv6 address in brackets.
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: Number(parsed.port || 6379),
    username,
    password,
    db: Number(db),
  }
}

/** Decodes a part of a URL; undefined if its escapes are invalid. */
function decode(text = ''): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
