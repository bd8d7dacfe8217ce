-- Anchors and lists.
addNTA("corp.example", "signed outside only")
addNTA('10.in-addr.arpa')
addTA('.', "20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d")
addTA('signed.example', "1 8 2 aa")
rpzFile("block.rpz", {defpol=Policy.NXDOMAIN})
protobufServer("127.0.0.1:4242")
function preresolve(dq)
  if dq.qname:equal("x.example") then
    return true
  end
  return false
end
