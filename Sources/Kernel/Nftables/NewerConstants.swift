// Attributes that the kernel knows and Debian 12's headers (Linux 6.1) do not; from include/uapi/linux/netfilter/
// nf_tables.h of the Linux release named with each.

/// `NFTA_BITWISE_*` since 6.13.
enum NewerBitwise: UInt32 {
  case secondSource = 8

  /// `NFT_BITWISE_MASK_XOR`, which headers of before 6.13 call `NFT_BITWISE_BOOL`.
  static let maskAndXor: UInt32 = 0
}

/// `enum nft_inner_attributes`, since 6.2.
enum InnerAttribute: UInt32 {
  case number = 1
  case type = 2
  case flags = 3
  case headerSize = 4
  case expression = 5
}

/// `NFTA_SET_*`, since 6.16.
enum NewerSet: UInt32 {
  /// How many elements the set has.
  case count = 20
}
