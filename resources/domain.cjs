// What CloudFront has to know of a domain of one's own, by the parameters domainName and certificateArn; or of its own.
// Not by a condition of CloudFormation: its validators take what is empty for what is wrong.
module.exports = async ({ resolveVariable }) => {
  const [name, certificate] = [
    await resolveVariable('param:domainName'),
    await resolveVariable('param:certificateArn'),
  ]
  if (!name) {
    return {
      aliases: { Ref: 'AWS::NoValue' },
      certificate: { CloudFrontDefaultCertificate: true },
      url: { 'Fn::Sub': 'https://${Distribution.DomainName}' },
    }
  }
  if (!/^arn:aws[\w-]*:acm:us-east-1:/.test(certificate)) {
    const error = new Error(
      `With domainName=${name} the parameter certificateArn has to name a certificate for it in us-east-1, and is ${certificate || 'missing'}`,
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
  }
}
