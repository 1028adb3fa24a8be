import { parseArgs } from 'node:util'
import { checkAccount } from '../lib/deploy/account.ts'
import { checkedParameters, reservedConcurrency } from '../lib/deploy/parameters.ts'
import { serverless } from '../lib/deploy/serverless.ts'
import { asCommand } from '../lib/project/asCommand.ts'
import { definition } from '../lib/project/definition.ts'
import { SetupError } from '../lib/project/setupError.ts'

const help = `Usage: npm run deploy -- --stage STAGE --param tokenIssuer=https://issuer.example [options]

Deploys the catalog to AWS: checks the parameters and the account, packages and deploys the stack, warms the cache,
and prints where the catalog answers. Done again it brings the stack up to date.

Options:
  --stage STAGE       prod, dev, or any other name, which is like dev
  --param NAME=VALUE  a parameter, see docs/configuration.md; may be repeated. Only tokenIssuer has no default.
                      One that is left out the next time has its default again; write into serverless.yml, under
                      params, what is to stay
  --region REGION     [default: AWS_REGION, else eu-central-1]
  --help              print this

AWS credentials are taken from where the AWS command line takes them.
Exit code: 0 deployed; 1 not, or bad usage.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      stage: { type: 'string' },
      param: { type: 'string', multiple: true, default: [] },
      region: { type: 'string', default: process.env.AWS_REGION || 'eu-central-1' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const { stage, region, param } = values
  if (stage === undefined) throw new SetupError('Name the stage: --stage dev or --stage prod')
  if (stage === 'local')
    throw new SetupError('The stage local is this machine: npm start. Deploy --stage dev or prod')
  if (!/^[a-z][a-z0-9-]{0,14}$/.test(stage))
    throw new SetupError(`--stage ${stage}: up to 15 small letters, digits and hyphens, a letter first`)
  const parameters = checkedParameters(stage, param)
  await checkAccount(region, reservedConcurrency(parameters))

  const where = ['--stage', stage, '--region', region]
  const params = param.map((text) => `--param=${text}`)
  const deployed = await serverless(['deploy', '--verbose', ...where, ...params])
  if (deployed.code !== 0) {
    process.stderr.write('Not deployed. What to do now: docs/operations.md, "A deployment that fails"\n')
    return 1
  }
  if ('warm' in definition().functions) {
    const warmed = await serverless(['invoke', '--function', 'warm', ...where, ...params])
    if (warmed.code !== 0) console.log('The cache is not warm: it fills with the first reads.')
  }
  const output = (name: string) => new RegExp(`^\\s*${name}: (\\S+)$`, 'm').exec(deployed.out)?.[1]
  const url = output('Url') ?? 'the address that the stack names Url'
  const { storefrontUrl, domainName } = parameters
  console.log(`
The catalog answers at ${url}

The shop:             ${url}/${storefrontUrl ? '' : `  (its canonical links want --param storefrontUrl=${url})`}
Try it:               npm run smoke -- ${url} --token TOKEN
The first catalogue:  AWS_REGION=${region} npm run import -- --aws --table ${output('TableName') ?? `aisle-${stage}`} FILE
What an alarm means, how to go back: docs/operations.md`)
  if (domainName)
    console.log(
      `Let the DNS name ${domainName} point to ${output('DistributionDomain')} (CNAME, or an alias).`,
    )
  return 0
}

await asCommand(main)
