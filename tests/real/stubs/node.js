// Node, with its c-ares (`resolve`) and with the C library (`lookup`): see stubs.sh.
const { promises } = require('dns');

const failures = {
  ENOTFOUND: 'not found', ENODATA: 'no data', ESERVFAIL: 'try again', ETIMEOUT: 'try again', EAI_AGAIN: 'try again',
};

async function ask(kind, name) {
  switch (kind) {
    case 'address': return (await promises.lookup(name, { all: true })).map((one) => one.address);
    case 'PTR': return promises.reverse(name);
    case 'MX': return (await promises.resolveMx(name)).map((one) => `${one.priority} ${one.exchange}`);
    case 'TXT': return [String((await promises.resolveTxt(name)).flat().join('').length)];
    default: return promises.resolve(name, kind);
  }
}

(async () => {
  const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n');
  for (const line of lines) {
    const [kind, name] = line.split(' ');
    const said = await ask(kind, name).then((found) => found.sort().join(' '), (error) => failures[error.code] || error.code);
    console.log(kind, name, said);
  }
})();
