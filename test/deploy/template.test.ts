import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../lib/local/command.ts'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'
import { packageStage, type Template } from '../support/template.ts'

/** The CloudFormation templates of the two stages. */
let dev: Template
let prod: Template
beforeAll(async () => {
  // One after the other, because packaging one stage uses both cores of a small machine.
  dev = await packageStage('dev')
  prod = await packageStage('prod')
}, 600_000)
afterAll(() => {
  for (const template of [dev, prod])
    if (template) rmSync(dirname(template.file), { recursive: true, force: true })
})

const template = (stage: string) => (stage === 'dev' ? dev : prod)
const functionNames = (of: Template) =>
  Object.keys(of.resources).filter((id) => of.resources[id]?.Type === 'AWS::Lambda::Function')
const policiesOf = (of: Template, roleId: string) =>
  (of.resources[roleId]?.Properties.Policies ?? []).flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) => PolicyDocument.Statement,
  ) as Statement[]

interface Statement {
  Effect: string
  Action: string | string[]
  Resource: unknown
  Condition?: unknown
}

describe.each(['dev', 'prod'])('stage %s', (stage) => {
  test("AWS's own validator finds no error", () => {
    const engine = new RegoEngine()
    try {
      const { diagnostics } = engine.validateStandard(new TemplateFile(template(stage).file))
      // The validator works: it has remarks on the resources that the framework itself adds.
      expect(diagnostics.length).toBeGreaterThan(0)
      expect(diagnostics.filter(({ severity }) => severity === 'ERROR' || severity === 'FATAL')).toEqual([])
    } finally {
      engine.free()
    }
  }, 120_000)

  test('cfn-lint, if it is installed, finds no error', async (context) => {
    if (!(await runCommand('cfn-lint', ['--version'], { timeout: 60_000 })).ok) return context.skip()
    const { out } = await runCommand('cfn-lint', ['--format', 'parseable', template(stage).file], {
      timeout: 120_000,
    })
    expect(out.split('\n').filter((line) => /:[EF]\d{4}:/.test(line))).toEqual([])
  }, 200_000)

  test('the template stays well within the limits of CloudFormation', () => {
    expect(Object.keys(template(stage).resources).length).toBeLessThan(400)
    // The limit is 1 MB, because the framework uploads the template to a bucket.
    expect(template(stage).text.length).toBeLessThan(500_000)
  })

  test('each function has a role of its own', () => {
    const roles = functionNames(template(stage)).map(
      (id) => template(stage).resources[id]?.Properties.Role['Fn::GetAtt'][0],
    )
    expect(roles.length).toBeGreaterThan(13)
    expect(new Set(roles).size).toBe(roles.length)
    expect(template(stage).all('AWS::IAM::Role')).toHaveLength(roles.length)
    for (const { Properties } of template(stage).all('AWS::IAM::Role')) {
      expect(Properties.AssumeRolePolicyDocument.Statement).toEqual([
        { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ])
      expect(Properties.ManagedPolicyArns).toBeUndefined()
    }
  })

  test('no role has a wildcard action, or a wildcard resource other than for the network, where AWS demands it', () => {
    const { resources } = template(stage)
    const roles = Object.keys(resources).filter((id) => resources[id]?.Type === 'AWS::IAM::Role')
    for (const role of roles) {
      for (const { Effect, Action, Resource } of policiesOf(template(stage), role)) {
        expect(Effect).toBe('Allow')
        const actions = [Action].flat()
        expect(actions.join()).not.toContain('*')
        if (actions.every((action) => action.startsWith('ec2:')))
          expect(
            actions.filter((action) => !/NetworkInterface|PrivateIp|DescribeSubnets/.test(action)),
          ).toEqual([])
        else expect(JSON.stringify(Resource), `${role}: ${actions}`).not.toContain('*')
      }
    }
    expect(policiesOf(template(stage), 'AuthorizeRole').flatMap(({ Action }) => Action)).toEqual([
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ])
  })

  test('a role may only connect to the cache, as its one user, with IAM', () => {
    for (const role of ['GetProductRole', 'PutProductRole', 'OnProductChangeRole']) {
      const toCache = policiesOf(template(stage), role).filter(({ Action }) =>
        `${Action}`.startsWith('elasticache'),
      )
      expect(toCache).toEqual([
        {
          Effect: 'Allow',
          Action: 'elasticache:Connect',
          Resource: [{ 'Fn::GetAtt': ['Cache', 'ARN'] }, { 'Fn::GetAtt': ['CacheUser', 'Arn'] }],
        },
      ])
    }
    const { Cache, CacheUser, CacheUsers } = template(stage).resources
    expect(CacheUser?.Properties).toMatchObject({ AuthenticationMode: { Type: 'iam' } })
    expect(CacheUser?.Properties.UserName).toBe(CacheUser?.Properties.UserId)
    const rules = CacheUser?.Properties.AccessString['Fn::Join'][1] as string[]
    expect(rules).toContain(`~aisle-${stage}:*`)
    expect(rules).toContain('-@all')
    expect(rules.filter((rule) => /\+@|\*$/.test(rule))).toEqual([`~aisle-${stage}:*`])
    expect(CacheUsers?.Properties.UserIds).toEqual([{ Ref: 'CacheUser' }])
    expect(Cache?.Properties.UserGroupId).toEqual({ Ref: 'CacheUsers' })
  })

  test('the cache is Valkey in the private subnets, with its security group, with limits and without snapshots', () => {
    const { Cache } = template(stage).resources
    expect(Cache?.Properties).toMatchObject({
      Engine: 'valkey',
      SubnetIds: [{ Ref: 'SubnetA' }, { Ref: 'SubnetB' }],
      SecurityGroupIds: [{ 'Fn::GetAtt': ['CacheSecurityGroup', 'GroupId'] }],
      SnapshotRetentionLimit: 0,
      CacheUsageLimits: {
        DataStorage: { Unit: 'GB', Maximum: expect.any(Number) },
        ECPUPerSecond: { Maximum: expect.any(Number) },
      },
    })
  })

  test('no route leads out of the network or into it', () => {
    const types = new Set(Object.values(template(stage).resources).map(({ Type }) => Type))
    for (const way of ['InternetGateway', 'NatGateway', 'Route', 'EIP', 'VPCGatewayAttachment'])
      expect(types, way).not.toContain(`AWS::EC2::${way}`)
    for (const { Properties } of template(stage).all('AWS::EC2::Subnet'))
      expect(Properties.MapPublicIpOnLaunch ?? false).toBe(false)
    const zones = template(stage)
      .all('AWS::EC2::Subnet')
      .map(({ Properties }) => JSON.stringify(Properties.AvailabilityZone))
    expect(new Set(zones).size).toBe(2)
    const ingress = template(stage).all('AWS::EC2::SecurityGroupIngress')
    expect(ingress.map(({ Properties }) => Properties)).toMatchObject([
      {
        GroupId: { Ref: 'CacheSecurityGroup' },
        SourceSecurityGroupId: { Ref: 'FunctionsSecurityGroup' },
        ...{ FromPort: 6379, ToPort: 6379, IpProtocol: 'tcp' },
      },
    ])
    for (const { Properties } of template(stage).all('AWS::EC2::SecurityGroup')) {
      expect(Properties.SecurityGroupIngress).toBeUndefined()
      // A group without egress rules would allow everything.
      expect(Properties.SecurityGroupEgress.length).toBeGreaterThan(0)
      for (const { IpProtocol } of Properties.SecurityGroupEgress) expect(IpProtocol).not.toBe('-1')
    }
  })

  test("DynamoDB's endpoint gives access to the tables of this stage only", () => {
    const { Properties } = template(stage).all('AWS::EC2::VPCEndpoint')[0] ?? {}
    expect(Properties.VpcEndpointType).toBe('Gateway')
    const [statement, ...others] = Properties.PolicyDocument.Statement
    expect(others).toEqual([])
    expect(JSON.stringify([statement.Action, statement.Resource])).not.toContain('*')
    const granted = functionNames(template(stage))
      .flatMap((id) =>
        policiesOf(template(stage), template(stage).resources[id]?.Properties.Role['Fn::GetAtt'][0]),
      )
      .flatMap(({ Action }) => Action)
      .filter((action) => /^dynamodb:(?!\w*(Stream|Records|Shard))/.test(action))
    expect(new Set(granted)).toEqual(new Set(statement.Action))
  })

  test('every function but the authorizer is in the network, and uses the cache with IAM and TLS', () => {
    for (const id of functionNames(template(stage))) {
      const { Properties } = template(stage).resources[id] ?? { Properties: {} }
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] })
      if (id === 'AuthorizeLambdaFunction') expect(Properties.VpcConfig).toBeUndefined()
      else expect(Properties.VpcConfig.SubnetIds).toEqual([{ Ref: 'SubnetA' }, { Ref: 'SubnetB' }])
      const { REDIS_URL, REDIS_IAM } = Properties.Environment.Variables
      expect(REDIS_URL['Fn::Sub']).toMatch(
        /^rediss-cluster:\/\/\$\{CacheUser\}@\$\{Cache\.Endpoint\.Address\}:6379$/,
      )
      expect(REDIS_IAM).toEqual({ 'Fn::GetAtt': ['Cache', 'ARN'] })
    }
    expect(template(stage).resources.AuthorizeLambdaFunction?.Properties.Environment.Variables).toMatchObject(
      {
        TOKEN_ISSUER: 'https://issuer.example',
        TOKEN_JWKS: 'https://issuer.example/.well-known/jwks.json',
      },
    )
  })

  test('tables are on demand up to a ceiling, encrypted, and delete expired items', () => {
    for (const { Properties } of template(stage).all('AWS::DynamoDB::Table')) {
      expect(Properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        OnDemandThroughput: {
          MaxReadRequestUnits: expect.any(Number),
          MaxWriteRequestUnits: expect.any(Number),
        },
        SSESpecification: { SSEEnabled: true },
        TimeToLiveSpecification: { Enabled: true },
      })
      for (const index of Properties.GlobalSecondaryIndexes ?? [])
        expect(index.OnDemandThroughput).toEqual(Properties.OnDemandThroughput)
    }
    expect(template(stage).resources.CatalogTable?.Properties.StreamSpecification).toEqual({
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    })
  })

  test('a record of the stream is retried until it is a day old, and then goes to an encrypted queue', () => {
    const [mapping, ...others] = template(stage).all('AWS::Lambda::EventSourceMapping')
    expect(others).toEqual([])
    expect(mapping?.Properties).toMatchObject({
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: 86400,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } } },
    })
    expect(template(stage).resources.DeadLetters?.Properties).toMatchObject({
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 1209600,
    })
  })

  test('every log group deletes old logs', () => {
    const groups = template(stage).all('AWS::Logs::LogGroup')
    // One for each function, and one for the API.
    expect(groups).toHaveLength(functionNames(template(stage)).length + 1)
    for (const { Properties } of groups) expect(Properties.RetentionInDays).toBe(stage === 'dev' ? 7 : 30)
  })

  test('the API is throttled and logs each request, without tokens and queries', () => {
    const { Properties } = template(stage).resources.HttpApiStage ?? {}
    expect(Properties.DefaultRouteSettings.ThrottlingRateLimit).toBeGreaterThan(0)
    expect(Properties.DefaultRouteSettings.ThrottlingBurstLimit).toBeGreaterThan(0)
    expect(Properties.AccessLogSettings.DestinationArn).toEqual({ 'Fn::GetAtt': ['HttpApiLogGroup', 'Arn'] })
    expect(Properties.AccessLogSettings.Format).not.toMatch(/authorization|query|\$context\.path/i)
    for (const { Properties } of template(stage).all('AWS::ApiGatewayV2::Integration'))
      expect(Properties.PayloadFormatVersion).toBe('2.0')
  })

  test('every route that writes uses the authorizer', () => {
    const routes = template(stage).all('AWS::ApiGatewayV2::Route')
    expect(routes.length).toBeGreaterThan(11)
    for (const { Properties } of routes)
      expect(Properties.AuthorizationType ?? 'NONE', Properties.RouteKey).toBe(
        // The routes of every other path refuse all requests.
        /^(GET|HEAD) | \/\{path\+\}$/.test(Properties.RouteKey) ? 'NONE' : 'CUSTOM',
      )
  })

  test('CloudFront uses HTTPS only, and caches no product for longer than the public staleness', () => {
    const { DistributionConfig } = template(stage).all('AWS::CloudFront::Distribution')[0]?.Properties ?? {}
    expect(DistributionConfig).toMatchObject({
      HttpVersion: 'http2and3',
      DefaultCacheBehavior: {
        ViewerProtocolPolicy: 'redirect-to-https',
        CachedMethods: ['GET', 'HEAD'],
        Compress: true,
        CachePolicyId: { Ref: 'PublicStaleness' },
        // All headers but Host, so that the API can answer a preflight.
        OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
        ResponseHeadersPolicyId: { Ref: 'JsonHeaders' },
      },
      Origins: [
        { CustomOriginConfig: { OriginProtocolPolicy: 'https-only', OriginSSLProtocols: ['TLSv1.2'] } },
      ],
    })
    for (const { ErrorCachingMinTTL } of DistributionConfig.CustomErrorResponses)
      expect(ErrorCachingMinTTL).toBe(0)
    const { CachePolicyConfig } = template(stage).resources.PublicStaleness?.Properties ?? {}
    expect(CachePolicyConfig).toMatchObject({
      ...{ MinTTL: 0, DefaultTTL: 0, MaxTTL: 10 },
      ParametersInCacheKeyAndForwardedToOrigin: {
        ...{ EnableAcceptEncodingGzip: true, EnableAcceptEncodingBrotli: true },
        QueryStringsConfig: { QueryStringBehavior: 'all' },
        HeadersConfig: { HeaderBehavior: 'whitelist', Headers: ['Authorization'] },
      },
    })
  })

  test("CloudFront keeps the shop's pages by the one parameter that they read, and forwards nothing else", () => {
    const { DistributionConfig } = template(stage).all('AWS::CloudFront::Distribution')[0]?.Properties ?? {}
    const pages = DistributionConfig.CacheBehaviors.slice(0, 3)
    expect(pages.map(({ PathPattern }: { PathPattern: string }) => PathPattern)).toEqual([
      '/',
      '/p/*',
      '/c/*',
    ])
    for (const page of pages) {
      expect(page).toMatchObject({
        ViewerProtocolPolicy: 'redirect-to-https',
        AllowedMethods: ['GET', 'HEAD'],
        CachePolicyId: { Ref: 'Pages' },
        ResponseHeadersPolicyId: { Ref: 'SecurityHeaders' },
      })
      // Such a policy would forward more than the key holds.
      expect(page.OriginRequestPolicyId).toBeUndefined()
    }
    const { CachePolicyConfig } = template(stage).resources.Pages?.Properties ?? {}
    expect(CachePolicyConfig).toMatchObject({
      ...{ MinTTL: 0, DefaultTTL: 0, MaxTTL: 10 },
      ParametersInCacheKeyAndForwardedToOrigin: {
        CookiesConfig: { CookieBehavior: 'none' },
        QueryStringsConfig: { QueryStringBehavior: 'whitelist', QueryStrings: ['cursor'] },
        HeadersConfig: { HeaderBehavior: 'none' },
      },
    })
    const read = readFileSync(join(projectDirectory, 'lib/storefront/routes.ts'), 'utf8').matchAll(
      /request\.query\('(\w+)'\)/g,
    )
    expect([...new Set(Array.from(read, ([, name]) => name))]).toEqual(['cursor'])
    // The pages are all routes that are neither JSON nor files.
    const routes = template(stage)
      .all('AWS::ApiGatewayV2::Route')
      .map(({ Properties }) => Properties.RouteKey.replace('GET ', ''))
      .filter(
        (path) => !/ |^\/(products|categories|health|assets|pictures|robots|favicon|\{path\+\})/.test(path),
      )
    expect(routes.sort()).toEqual(['/', '/c/{category+}', '/p/{id}'])
  })

  test('the shop links to the address of CloudFront, on which it does not wait in a circle', () => {
    const { resources } = template(stage)
    expect(resources.StorefrontLambdaFunction?.Properties.Environment.Variables.STOREFRONT_URL).toEqual({
      'Fn::Sub': 'https://${Distribution.DomainName}',
    })
    // Everything that the distribution needs before it can be created.
    const needed = new Set(['Distribution'])
    for (const id of needed) {
      const text = JSON.stringify(resources[id] ?? {})
      for (const other of Object.keys(resources))
        if (text.match(new RegExp(`\\b${other}\\b`))) needed.add(other)
    }
    expect(needed.has('HttpApi')).toBe(true)
    expect([...needed].filter((id) => resources[id]?.Type === 'AWS::Lambda::Function')).toEqual([])
  })

  test('CloudFront adds the CORS headers of the API for the origin of each request, if there are storefronts', () => {
    const { HttpApi, JsonHeaders, SecurityHeaders } = template(stage).resources
    const [condition, api] = HttpApi?.Properties.CorsConfiguration['Fn::If'] ?? []
    const { CorsConfig, CustomHeadersConfig, SecurityHeadersConfig } =
      JsonHeaders?.Properties.ResponseHeadersPolicyConfig ?? {}
    expect(CorsConfig['Fn::If']).toEqual([
      condition,
      {
        // What is stored has the headers for the origin that came first.
        OriginOverride: true,
        AccessControlAllowCredentials: false,
        AccessControlAllowOrigins: { Items: api.AllowOrigins },
        AccessControlAllowMethods: { Items: api.AllowMethods },
        AccessControlAllowHeaders: { Items: api.AllowHeaders },
        AccessControlExposeHeaders: { Items: api.ExposeHeaders },
        AccessControlMaxAgeSec: api.MaxAge,
      },
      { Ref: 'AWS::NoValue' },
    ])
    expect(CustomHeadersConfig['Fn::If']).toEqual([
      condition,
      { Items: [{ Header: 'timing-allow-origin', Value: expect.any(String), Override: true }] },
      { Ref: 'AWS::NoValue' },
    ])
    expect(SecurityHeadersConfig).toEqual(
      SecurityHeaders?.Properties.ResponseHeadersPolicyConfig.SecurityHeadersConfig,
    )
    const names = template(stage)
      .all('AWS::CloudFront::ResponseHeadersPolicy')
      .map(({ Properties }) => Properties.ResponseHeadersPolicyConfig.Name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('only files are cached for as long as they allow, by their path alone, and their paths take no writes', () => {
    const { DistributionConfig } = template(stage).all('AWS::CloudFront::Distribution')[0]?.Properties ?? {}
    const file = {
      ViewerProtocolPolicy: 'redirect-to-https',
      AllowedMethods: ['GET', 'HEAD'],
      CachePolicyId: { Ref: 'Files' },
    }
    const files = DistributionConfig.CacheBehaviors.slice(3)
    expect(files).toMatchObject([
      { PathPattern: '/assets/*', ...file },
      { PathPattern: '/pictures/*', ...file },
    ])
    for (const behavior of files) expect(behavior.OriginRequestPolicyId).toBeUndefined()
    const { CachePolicyConfig } = template(stage).resources.Files?.Properties ?? {}
    expect(CachePolicyConfig).toMatchObject({
      ...{ MinTTL: 0, DefaultTTL: 0, MaxTTL: 31_536_000 },
      ParametersInCacheKeyAndForwardedToOrigin: {
        CookiesConfig: { CookieBehavior: 'none' },
        QueryStringsConfig: { QueryStringBehavior: 'none' },
        HeadersConfig: { HeaderBehavior: 'none' },
      },
    })
    const names = template(stage)
      .all('AWS::CloudFront::CachePolicy')
      .map(({ Properties }) => Properties.CachePolicyConfig.Name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('the deployment bucket is encrypted and not public', () => {
    expect(template(stage).resources.ServerlessDeploymentBucket?.Properties).toMatchObject({
      BucketEncryption: { ServerSideEncryptionConfiguration: [expect.anything()] },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    })
  })

  test('the template contains no secret', () => {
    expect(template(stage).text).not.toMatch(
      /password|secretsmanager|AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY/i,
    )
  })
})

test('prod retains its catalogue if the stack is deleted', () => {
  const { CatalogTable } = prod.resources
  expect(CatalogTable).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
  expect(CatalogTable?.Properties).toMatchObject({
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  })
})

test('dev retains nothing when it is removed', () => {
  const retained = Object.values(dev.resources).filter(
    ({ DeletionPolicy, UpdateReplacePolicy }) =>
      DeletionPolicy === 'Retain' || UpdateReplacePolicy === 'Retain',
  )
  expect(retained).toEqual([])
  expect(dev.resources.CatalogTable?.Properties.DeletionProtectionEnabled).toBe(false)
})

test('prod limits the concurrency of writes and not of reads, and dev reserves none, as a new account requires', () => {
  const reserved = (of: Template, name: string) =>
    of.resources[`${name}LambdaFunction`]?.Properties.ReservedConcurrentExecutions
  for (const name of [
    'PostProduct',
    'PutProduct',
    'PatchProduct',
    'PatchVariant',
    'DeleteProduct',
    'PostReview',
    'DeleteReview',
  ])
    expect(reserved(prod, name), name).toBe(20)
  expect([reserved(prod, 'Authorize'), reserved(prod, 'OnProductChange')]).toEqual([100, 20])
  for (const name of ['GetProduct', 'GetProducts', 'GetPage', 'GetReviews', 'GetCategories', 'GetHealth'])
    expect(reserved(prod, name), name).toBeUndefined()
  for (const id of functionNames(dev))
    expect(dev.resources[id]?.Properties.ReservedConcurrentExecutions ?? { Ref: 'AWS::NoValue' }).toEqual({
      Ref: 'AWS::NoValue',
    })
})

test('each function has alarms for errors, throttles and duration, and every alarm notifies the topic', () => {
  const alarms = prod.all('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties)
  for (const id of functionNames(prod)) {
    const own = alarms.filter(
      ({ Namespace, MetricName, Dimensions }) =>
        Namespace === 'AWS/Lambda' && MetricName !== 'IteratorAge' && Dimensions[0].Value.Ref === id,
    )
    expect(own.map(({ MetricName }) => MetricName).sort(), id).toEqual(['Duration', 'Errors', 'Throttles'])
  }
  for (const { AlarmActions, AlarmName } of alarms)
    expect(AlarmActions, AlarmName).toEqual([{ Ref: 'Alarms' }])
})

test('the alarm of unreadable items counts what every route reads that shows products, reviews or categories', () => {
  const [alarm] = prod
    .all('AWS::CloudWatch::Alarm')
    .filter(({ Properties }) => /unreadable-items$/.test(Properties.AlarmName))
  const counted = alarm?.Properties.Metrics.flatMap(
    ({ MetricStat }: { MetricStat?: { Metric: { Dimensions: { Value: string }[] } } }) =>
      MetricStat?.Metric.Dimensions.map(({ Value }) => Value) ?? [],
  )
  const reads = [...prod.text.matchAll(/"RouteKey":\s*"(GET [^"]+)"/g)].map(([, route]) => route)
  const files = ['GET /assets/{name}', 'GET /pictures/{name}', 'GET /robots.txt', 'GET /favicon.ico']
  const without = ['GET /health', 'GET /{path+}', ...files]
  expect(reads.length).toBeGreaterThan(9)
  expect(counted.sort()).toEqual(
    ['audit', 'onProductChange', ...reads.filter((route) => !without.includes(route ?? ''))].sort(),
  )
  // CloudWatch takes no more for one alarm.
  expect(counted.length).toBeLessThanOrEqual(10)
})

test('prod has alarms and a dashboard, and dev has none', () => {
  const isWatched = (of: Template) => JSON.parse(of.text).Conditions.IsWatched
  expect([isWatched(prod), isWatched(dev)]).toEqual([
    { 'Fn::Equals': ['yes', 'yes'] },
    { 'Fn::Equals': ['no', 'yes'] },
  ])
  for (const of of [dev, prod])
    for (const type of ['Alarm', 'Dashboard'])
      for (const { Condition } of of.all(`AWS::CloudWatch::${type}`)) expect(Condition).toBe('IsWatched')
})
