// Returns CloudFront's aliases, certificate and URL: those of the custom domain in the parameters domainName and
// certificateArn, or CloudFront's own. `shop` is the origin in the links of the shop's pages: the parameter storefrontUrl,
// or that URL. A CloudFormation condition would not do, because its validators report empty values as errors.
module.exports = async ({ resolveVariable }) => {
  const [name, certificate] = [
    await resolveVariable('param:domainName'),
    await resolveVariable('param:certificateArn'),
  ]
  const shop = await resolveVariable('param:storefrontUrl')
  if (!name) {
    const url = { 'Fn::Sub': 'https://${Distribution.DomainName}' }
    return {
      aliases: { Ref: 'AWS::NoValue' },
      certificate: { CloudFrontDefaultCertificate: true },
      url,
      shop: shop || url,
    }
  }
  if (!/^arn:aws[\w-]*:acm:us-east-1:/.test(certificate)) {
    const error = new Error(
      `domainName=${name} needs a certificate in us-east-1. The parameter certificateArn is ${certificate || 'missing'}. Add --param certificateArn=arn:aws:acm:us-east-1:...`,
    )
    error.stack = error.message
    throw error
  }
  return {
    aliases: [name],
    certificate: {
      AcmCertificateArn: certificate,
      SslSupportMethod: 'sni-only',
      MinimumProtocolVersion: 'TLSv1.2_2021',
    },
    url: `https://${name}`,
    shop: shop || `https://${name}`,
  }
}
