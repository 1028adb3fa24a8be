import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { isolatedEnv, runCommand, runScript } from '../support/cli.ts'

const token = (args: string[], env: NodeJS.ProcessEnv) => runScript('cli/token.ts', args, env)

/** Verifies a token as the authorizer does: with the public key set alone. */
const verify = (text: string, home: string) => {
  const set: JSONWebKeySet = JSON.parse(readFileSync(join(home, 'jwks.json'), 'utf8'))
  return jwtVerify(text, createLocalJWKSet(set), {
    issuer: 'aisle-local',
    audience: 'aisle',
    algorithms: ['ES256'],
  })
}

describe('npm run token', () => {
  it('prints the token and nothing else, and creates the key if there is none', async () => {
    const env = await isolatedEnv()
    const run = runCommand('npm', ['run', '-s', 'token', '--', '--scope', 'catalog:write'], env)
    expect(await run.ended).toBe(0)
    expect(run.out()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const text = run.out().trim()
    const { payload } = await verify(text, env.AISLE_HOME)
    expect(payload).toMatchObject({
      ...{ scope: 'catalog:write', sub: 'developer', name: 'Developer' },
      jti: expect.any(String),
    })
    expect(Number(payload.exp) - Number(payload.iat)).toBe(3600)
    expect(decodeProtectedHeader(text)).toMatchObject({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: expect.any(String),
    })
  })

  it('gives only the owner access to the private key, and leaves it out of the public set', async () => {
    const env = await isolatedEnv()
    await token([], env)
    expect(statSync(join(env.AISLE_HOME, 'key.json')).mode & 0o777).toBe(0o600)
    const { keys } = JSON.parse(readFileSync(join(env.AISLE_HOME, 'jwks.json'), 'utf8'))
    expect(keys).toHaveLength(1)
    expect(keys[0]).not.toHaveProperty('d')
  })

  it('creates one key if several commands run at the same time', async () => {
    const env = await isolatedEnv()
    const runs = await Promise.all(Array.from({ length: 4 }, () => token([], env)))
    for (const { out } of runs) await verify(out.trim(), env.AISLE_HOME)
    expect(readdirSync(env.AISLE_HOME).sort()).toEqual(['jwks.json', 'key.json'])
  })

  it('puts the scopes, the lifetime, the subject and the name into the token', async () => {
    const env = await isolatedEnv()
    const args = ['--scope', 'catalog:write reviews:write', '--ttl', '15m', '--subject', 'anna']
    const { payload } = await verify(
      (await token([...args, '--name', 'Anna Blüm'], env)).out.trim(),
      env.AISLE_HOME,
    )
    expect(payload).toMatchObject({ scope: 'catalog:write reviews:write', sub: 'anna', name: 'Anna Blüm' })
    expect(Number(payload.exp) - Number(payload.iat)).toBe(900)
  })

  it.each([
    [['--ttl', '5x'], /^--ttl 5x is not a time: .*15m\n$/],
    [['--ttl', '0s'], /^--ttl 0s is not a time/],
    [['--scope', 'a "b"'], /^--scope must be names/],
    [['--scop', 'a'], /^Unknown option '--scop'/],
  ])('refuses %j and prints no token', async (args, message) => {
    const { code, out, err } = await token(args, await isolatedEnv())
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(message)
  })

  it('does not replace a key file that it cannot read', async () => {
    const env = await isolatedEnv()
    mkdirSync(env.AISLE_HOME)
    writeFileSync(join(env.AISLE_HOME, 'key.json'), '{"kty":"EC"}')
    const { code, err } = await token([], env)
    expect(code).toBe(1)
    expect(err).toMatch(/key\.json does not contain a signing key\. Delete it/)
    expect(readFileSync(join(env.AISLE_HOME, 'key.json'), 'utf8')).toBe('{"kty":"EC"}')
  })

  it('prints its options with --help', async () => {
    const { code, out } = await token(['--help'], await isolatedEnv())
    expect(code).toBe(0)
    for (const option of ['--scope', '--ttl', '--subject', '--name', '--help', 'AISLE_HOME'])
      expect(out).toContain(option)
  })
})
