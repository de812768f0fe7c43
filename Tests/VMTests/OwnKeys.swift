import Foundation
import TestSupport

/// A key of the machine's owner beside Microsoft's in the firmware: what is signed with it starts, and changes dbx.
struct OwnKeys {
    private static let variables = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"
    static let name = "The owner of this machine"
    private let scratch: Scratch

    /// - Parameter scratch: it gets `own.key` and its certificates `own.pem` and `own.der`, and `other.der` of nobody's.
    init(in scratch: Scratch) throws {
        self.scratch = scratch
        try scratch.shell(
            """
            openssl req -x509 -newkey rsa:2048 -nodes -keyout own.key -out own.pem -days 9999 -subj '/CN=\(Self.name)' 2>&1
            openssl x509 -in own.pem -outform DER -out own.der
            openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -outform DER -out other.der -subj '/CN=Other' 2>&1
            sbsiglist --owner 5ea12007-0000-4000-8000-00000000000a --type x509 --output own.esl own.der
            """)
    }

    /// The firmware's variables with the certificate in KEK and db.
    ///
    /// Source: edk2 `MdeModulePkg/Include/Guid/VariableFormat.h`, AUTHENTICATED_VARIABLE_HEADER: 60 bytes, of which the
    /// state is at 2, the length of the name at 36, that of the value at 40. What begins with 0xFF is free.
    func variables() throws -> [UInt8] {
        var store = Array(try Data(contentsOf: URL(filePath: Self.variables)))
        let list = try scratch.bytes("own.esl")
        func number(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(store[offset + $1]) << (8 * $1) } }
        var offset = Int(store[48]) + Int(store[49]) << 8 + 28
        var added: [UInt8] = []
        while store[offset] == 0xAA, store[offset + 1] == 0x55 {
            let value = offset + 60 + number(offset + 36)
            let end = value + number(offset + 40)
            let name = String(decoding: store[offset + 60..<value].filter { $0 != 0 }, as: UTF8.self)
            if ["KEK", "db"].contains(name), store[offset + 2] == 0x3F {
                var header = Array(store[offset..<value])
                let length = end - value + list.count
                for index in 0..<4 { header[40 + index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
                added += header + store[value..<end] + list
                while added.count % 4 != 0 { added.append(0xFF) }
                // VAR_DELETED
                store[offset + 2] = 0x3D
            }
            offset = (end + 3) & ~3
        }
        store.replaceSubrange(offset..<offset + added.count, with: added)
        return store
    }

    /// Debian's packages of shim and GRUB in a later version, with programs as another build of the same sources gives them:
    /// the time in their headers is another one, and they are signed by the owner. They are left as `shim-signed.deb` and
    /// `grub-efi-amd64-signed.deb`.
    ///
    /// - Returns: the digests that sbsign has put into the signatures, in hexadecimal.
    func packages() throws -> (shim: String, grub: String) {
        try scratch.shell(
            """
            tar -xf '\(buildFolder)/images/root.tar' --wildcards ./var/lib/dpkg/status \\
                './var/lib/dpkg/info/shim-signed*' './usr/lib/shim/shimx64.efi.signed' '*/grubx64.efi.signed'
            # repack PACKAGE PROGRAM
            repack() {
                mkdir -p "$1/DEBIAN" "$1/${2%/*}"
                for script in preinst postinst prerm postrm templates triggers; do
                    for file in var/lib/dpkg/info/"$1".$script var/lib/dpkg/info/"$1":amd64.$script; do
                        [ ! -e "$file" ] || cp "$file" "$1/DEBIAN/$script"
                    done
                done
                awk -v name="$1" 'BEGIN { RS = "" } $2 == name' var/lib/dpkg/status |
                    sed '/^Status: /d; s/^Version: .*/&+own1/' > "$1/DEBIAN/control"
                printf 1234 | dd of="$2" bs=1 conv=notrunc seek=$(($(od -An -tu4 -j60 -N4 "$2") + 8)) status=none
                while sbattach --remove "$2" 2>log; do :; done
                sbsign --key own.key --cert own.pem --output "$1/$2" "$2" 2>log
                dpkg-deb --root-owner-group -Zgzip --build "$1" "$1.deb" >log
                sbattach --detach signature "$1/$2"
                openssl asn1parse -inform DER -in signature |
                    sed -n 's/.*OCTET STRING *\\[HEX DUMP\\]:\\([0-9A-F]\\{64\\}\\)$/\\1/p' | head -n 1 | tr A-F a-f
            }
            repack shim-signed usr/lib/shim/shimx64.efi.signed >digests
            repack grub-efi-amd64-signed usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed >>digests
            """)
        let digests = String(decoding: try scratch.bytes("digests"), as: UTF8.self).split(separator: "\n")
        guard digests.count == 2 else { throw CommandFailure(description: "\(digests)") }
        return (String(digests[0]), String(digests[1]))
    }

    /// A file of efivarfs that appends the digest of some text to dbx: the attributes, then EFI_VARIABLE_AUTHENTICATION_2.
    func forbidding(_ text: String) throws -> [UInt8] {
        try scratch.shell(
            """
            printf '\(text)' | openssl dgst -sha256 -binary > digest
            sbsiglist --owner 5ea12007-0000-4000-8000-00000000000a --type sha256 --output list digest
            sbvarsign --key own.key --cert own.pem --output signed --include-attrs \\
                --attr NON_VOLATILE,BOOTSERVICE_ACCESS,RUNTIME_ACCESS,TIME_BASED_AUTHENTICATED_WRITE_ACCESS,APPEND_WRITE \\
                dbx list
            """)
        return try scratch.bytes("signed")
    }
}
