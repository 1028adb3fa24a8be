// The catalog's own pages where `serverless offline` stands alone, by both names of this machine; as a browser writes
// them, which leaves 80 out.
module.exports = async ({ resolveVariable }) => {
  const port = await resolveVariable("opt:httpPort, '3000'")
  return ['127.0.0.1', 'localhost'].map((name) => new URL(`http://${name}:${port}`).origin).join()
}
