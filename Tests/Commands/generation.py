"""Prints nftables' generation (NFT_MSG_GETGEN of linux/netfilter/nf_tables.h)."""
import socket
import struct

NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN, NFTA_GEN_ID = 12, 10, 16, 1
sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
sock.bind((0, 0))
sock.send(struct.pack("=LHHLLBBH", 20, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 1, 1, 0, 0, 0, 0))
reply = sock.recv(8192)
length, kind = struct.unpack_from("=HH", reply, 20)
assert kind & 0x3FFF == NFTA_GEN_ID and length == 8, reply
print(struct.unpack_from(">L", reply, 24)[0])
