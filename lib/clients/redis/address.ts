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

/** @throws {Error} for a URL that is none of a cache; it does not repeat the URL, which may hold a password */
export function parseAddress(url: string): Address {
  const parsed = URL.parse(url)
  const [, s, cluster] = /^redis(s?)(-cluster)?:$/.exec(parsed?.protocol ?? '') ?? []
  const db = Number(parsed?.pathname.slice(1))
  if (!parsed?.hostname || s === undefined || !Number.isInteger(db) || (cluster && db !== 0)) {
    throw new Error(
      'REDIS_URL must be redis://host:port or redis-cluster://host:port, with rediss instead of redis for TLS',
    )
  }
  return {
    isCluster: cluster !== undefined,
    tls: s === 's',
    // IPv6 stands in brackets in a URL, and nowhere else.
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: Number(parsed.port || 6379),
    username: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    db,
  }
}
