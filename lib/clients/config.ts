/** Where the catalogue's servers are. serverless.yml sets the variables of the functions. */
export interface Config {
  table: string
  /** A single server or a cluster: see lib/clients/redis/index.ts. */
  redisUrl: string
  /** ARN of the cache to authenticate to with IAM. Undefined: by the password in the URL, or not at all. */
  redisIam?: string | undefined
  /** DynamoDB Local. Undefined: AWS. */
  dynamodbEndpoint: string | undefined
}

/**
 * Reads the configuration from the environment.
 *
 * @throws {Error} that names the variable if one is not set
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return {
    table: requireVariable(env, 'TABLE_NAME'),
    redisUrl: requireVariable(env, 'REDIS_URL'),
    redisIam: env.REDIS_IAM || undefined,
    dynamodbEndpoint: env.DYNAMODB_ENDPOINT || undefined,
  }
}

/**
 * Returns the value of an environment variable.
 *
 * @throws {Error} that names the variable if it is not set
 */
export function requireVariable(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name]
  if (!value) throw new Error(`The environment variable ${name} is not set: see serverless.yml`)
  return value
}
