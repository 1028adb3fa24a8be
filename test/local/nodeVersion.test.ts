import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { describeUnsupportedNode } from '../../lib/local/nodeVersion.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'

const read = (file: string) => readFileSync(join(projectDirectory, file), 'utf8')
const agent = (version: string) => `npm/11.19.1 node/v${version} linux x64 workspaces/false`

describe('npm start says that Node.js is not supported', () => {
  it.each(['18.20.1', '20.20.2', '22.12.0', '23.11.1', '25.2.0'])('if npm runs on %s', (version) => {
    expect(describeUnsupportedNode(agent(version), '24.21.0')).toBe(
      `Some of this project's packages do not support Node.js ${version}. This command runs on its own Node.js 24.21.0. Install Node.js 24, or 22.13 or a later 22.x, or 26 or later`,
    )
  })

  it.each(['22.13.0', '22.23.3', '24.0.0', '26.1.0', '27.0.0'])('and not if npm runs on %s', (version) => {
    expect(describeUnsupportedNode(agent(version))).toBeUndefined()
  })

  it('and not without npm', () => {
    expect(describeUnsupportedNode(undefined)).toBeUndefined()
  })
})

test('npm ci prints no warning about install scripts, because package.json decides on each of them', () => {
  const { allowScripts }: { allowScripts: Record<string, boolean> } = JSON.parse(read('package.json'))
  const { packages }: { packages: Record<string, { hasInstallScript?: boolean }> } = JSON.parse(
    read('package-lock.json'),
  )
  const names = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
  expect(names.sort()).toEqual(Object.keys(allowScripts).sort())
})

test('README, package.json, its lock file and the workflow name the same Node.js', () => {
  const { engines } = JSON.parse(read('package.json'))
  expect(engines.node).toBe('^22.13.0 || ^24.0.0 || >=26.0.0')
  expect(JSON.parse(read('package-lock.json')).packages[''].engines).toEqual(engines)
  expect(read('README.md')).toContain('Node 22.13 or a later 22.x, 24 (recommended), or 26 and later')
  const versions = read('.github/workflows/ci.yml').match(/node-version: \S+/g) ?? []
  for (const version of versions) expect(version).toMatch(/node-version: (22|24)\b/)
  // The two packages that decide it.
  const [vitest, serverless] = ['vitest', 'serverless'].map(
    (name) => JSON.parse(read(`node_modules/${name}/package.json`)).engines.node,
  )
  expect(vitest).toBe('^22.12.0 || ^24.0.0 || >=26.0.0')
  expect(serverless).toContain('^22.13.0')
})
