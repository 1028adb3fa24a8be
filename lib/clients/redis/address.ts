/** What the URL of a cache says. */
export interface Address {
  isCluster: boolean
  tls: boolean
  host: string
  port: number
  /** Empty where the URL names none; so is the password. */
  username: string
  password: string
  /** The database of a single server; a cluster has only 0. */
  db: number
}

/** @throws {Error} for a URL that does not name a cache; it does not repeat the URL, which may hold a password */
export function parseAddress(url: string): Address {
  const parsed = URL.parse(url)
  const [, s, cluster] = /^redis(s?)(-cluster)?:$/.exec(parsed?.protocol ?? '') ?? []
  const [, db] = /^\/?(\d{0,5})$/.exec(parsed?.pathname ?? '-') ?? []
  const [username, password] = [decoded(parsed?.username), decoded(parsed?.password)]
  const isWhole = parsed?.hostname && parsed.port !== '0' && !parsed.search && !parsed.hash
  if (
    !parsed ||
    !isWhole ||
    s === undefined ||
    db === undefined ||
    (cluster && Number(db) !== 0) ||
    username === undefined ||
    password === undefined
  ) {
    throw new Error(
      'REDIS_URL must be redis://host:port or redis-cluster://host:port, with rediss instead of redis for TLS; what is no letter or digit in a password is written as %XX',
    )
  }
  return {
    isCluster: cluster !== undefined,
    tls: s === 's',
    // IPv6 stands in brackets in a URL, and nowhere else.
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: Number(parsed.port || 6379),
    username,
    password,
    db: Number(db),
  }
}

/** A part of a URL in plain text; undefined where its escapes are none. */
function decoded(text = ''): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
