import { parseArgs } from 'node:util'
import { checkAccount } from '../lib/deploy/checkAccount.ts'
import { checkStageName } from '../lib/deploy/checkStageName.ts'
import { readParameters, sumReservedConcurrency } from '../lib/deploy/parameters.ts'
import { findStageRegion } from '../lib/deploy/region.ts'
import { runServerless } from '../lib/deploy/runServerless.ts'
import { runMain } from '../lib/project/runMain.ts'
import { readServerlessYml } from '../lib/project/serverlessYml.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run deploy -- --stage STAGE --param tokenIssuer=https://issuer.example [options]

Deploys the catalogue to AWS: checks the parameters and the account, packages and deploys the stack, warms the cache,
and prints the address of the catalogue. Run it again to update the stack.

Options:
  --stage STAGE       prod, dev, or another name, which is set up like dev
  --param NAME=VALUE  a parameter, see docs/configuration.md; may be repeated. Only tokenIssuer has no default.
                      If you leave out a parameter the next time, it returns to its default. To keep a value, write it
                      into serverless.yml, under params
  --region REGION     the region  [default: AWS_REGION, else AWS_DEFAULT_REGION,
                      else that of the profile, else eu-central-1]
  --help              print this help

It uses the AWS credentials that the AWS command line uses.
Exit code: 0 deployed; 1 not deployed, or wrong usage.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      stage: { type: 'string' },
      param: { type: 'string', multiple: true, default: [] },
      region: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const { stage, param } = values
  if (stage === undefined) throw new SetupError('Name the stage: --stage dev or --stage prod')
  checkStageName(stage, 'run npm start, or deploy --stage dev or --stage prod')
  const parameters = readParameters(stage, param)
  const region = await findStageRegion(values.region)
  await checkAccount(region, sumReservedConcurrency(parameters))

  const where = ['--stage', stage, '--region', region]
  const params = param.map((text) => `--param=${text}`)
  const deployed = await runServerless(['deploy', '--verbose', ...where, ...params])
  if (deployed.code !== 0) {
    process.stderr.write('Not deployed. What to do next: docs/operations.md, "A deployment that fails"\n')
    return 1
  }
  if ('warm' in readServerlessYml().functions) {
    const warmed = await runServerless(['invoke', '--function', 'warm', ...where, ...params])
    if (warmed.code !== 0) console.log('The cache was not warmed. It fills with the first reads.')
  }
  const output = (name: string) => new RegExp(`^\\s*${name}: (\\S+)$`, 'm').exec(deployed.out)?.[1]
  const url = output('Url') ?? 'the address in the output Url of the stack'
  const { domainName } = parameters
  console.log(`
The catalogue answers at ${url}

The shop:       ${url}/
Test it:        npm run smoke -- ${url} --token TOKEN
Import a file:  npm run import -- --aws --region ${region} --table ${output('TableName') ?? `aisle-${stage}`} FILE
The cache:      npm run cache -- inspect ID --stage ${stage} --region ${region}
When something is wrong: docs/operations.md`)
  if (domainName)
    console.log(`Point the DNS name ${domainName} to ${output('DistributionDomain')} (CNAME, or an alias).`)
  return 0
}

await runMain(main)
