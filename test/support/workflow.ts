/** The parts of a GitHub Actions workflow that tests read. {@link workflowSchema} requires them. */
export interface Workflow {
  on: { workflow_dispatch: { inputs: Record<string, object> } }
  permissions: Record<string, string>
  defaults: { run: { shell: string } }
  jobs: Record<'test' | 'package' | 'story' | 'deploy', Job>
}

interface Job {
  if?: string
  needs?: string[]
  environment?: string
  concurrency?: object
  env?: Record<string, string>
  permissions?: Record<string, string>
  'timeout-minutes': number
  steps: { name?: string; if?: string; uses?: string; run?: string; with?: Record<string, unknown> }[]
}

const text = { type: 'string' }
const texts = { type: 'array', items: text, minItems: 1 }
const values = { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } }
const only = (properties: object, required: string[] = []) => ({
  ...{ type: 'object', properties, required, additionalProperties: false },
})
const access = { enum: ['read', 'write', 'none'] }
const permissions = only({ contents: access, 'id-token': access })
const concurrency = only({ group: text, 'cancel-in-progress': { type: 'boolean' } }, ['group'])

const step = {
  oneOf: [
    only({ name: text, if: text, env: values, uses: text, with: values }, ['uses']),
    only({ name: text, if: text, env: values, run: text }, ['run']),
  ],
}

const job = only(
  {
    ...{ if: text, needs: texts, environment: text, concurrency, permissions, env: values },
    'runs-on': { enum: ['ubuntu-24.04'] },
    'timeout-minutes': { type: 'integer', minimum: 1 },
    steps: { type: 'array', items: step, minItems: 1 },
  },
  ['runs-on', 'timeout-minutes', 'steps'],
)

const input = only({
  description: text,
  type: { enum: ['choice'] },
  options: texts,
  required: { type: 'boolean' },
})

/**
 * The part of GitHub's workflow syntax that this project uses. A misspelt or misplaced key is an error.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
 */
export const workflowSchema = only(
  {
    name: text,
    on: only({
      push: only({ branches: texts, tags: texts }),
      pull_request: { type: 'null' },
      workflow_dispatch: only({ inputs: { type: 'object', additionalProperties: input } }),
    }),
    ...{ permissions, concurrency },
    defaults: only({ run: only({ shell: { enum: ['bash'] } }) }),
    jobs: { type: 'object', additionalProperties: job, minProperties: 1 },
  },
  ['name', 'on', 'permissions', 'defaults', 'jobs'],
)
