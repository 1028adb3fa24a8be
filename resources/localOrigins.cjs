// Returns the origins of the catalogue's own pages for `serverless offline` without `npm start`, by both names of this
// machine, separated by commas (`all`), and the one that its links use (`shop`). They are spelt as in a browser, which
// omits port 80.
module.exports = async ({ resolveVariable }) => {
  const port = await resolveVariable("opt:httpPort, '3000'")
  const origins = ['127.0.0.1', 'localhost'].map((name) => new URL(`http://${name}:${port}`).origin)
  return { all: origins.join(), shop: origins[0] }
}
