/** Where the catalog lies. Set by serverless.yml for the functions. */
export interface Config {
  table: string
  /** A single server or a cluster: see lib/clients/redis/index.ts. */
  redisUrl: string
  /** ARN of the cache that is authenticated to by IAM; undefined: by the password in the URL, or not at all. */
  redisIam?: string | undefined
  /** DynamoDB Local; undefined: AWS. */
  dynamodbEndpoint: string | undefined
}

/** @throws {Error} that names the variable which is not set */
export function fromEnvironment(env: NodeJS.ProcessEnv = process.env): Config {
  return {
    table: required(env, 'TABLE_NAME'),
    redisUrl: required(env, 'REDIS_URL'),
    redisIam: env.REDIS_IAM || undefined,
    dynamodbEndpoint: env.DYNAMODB_ENDPOINT || undefined,
  }
}

/** @throws {Error} that names the variable which is not set */
export function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name]
  if (!value) throw new Error(`The environment variable ${name} is not set: see serverless.yml`)
  return value
}
