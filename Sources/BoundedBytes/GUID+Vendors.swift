/// Who UEFI variables belong to: both the variables themselves and their measurements name them.
extension GUID {
    /// EFI_GLOBAL_VARIABLE, of PK, KEK, SecureBoot and the boot options.
    public static let globalVariable = GUID(0x8be4_df61, 0x93ca, 0x11d2, 0xaa0d, 0x00e0_9803_2b8c)
    /// EFI_IMAGE_SECURITY_DATABASE_GUID, of db and dbx.
    public static let securityDatabase = GUID(0xd719_b2cb, 0x3d3a, 0x4596, 0xa3bc, 0xdad0_0e67_656f)
    /// SHIM_LOCK_GUID, of MokList and SbatLevel.
    public static let shim = GUID(0x605d_ab50, 0xe046, 0x4300, 0xabb6, 0x3dd8_10dd_8b23)
}
