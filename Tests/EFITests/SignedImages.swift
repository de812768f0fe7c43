import TestSupport

/// Keys, certificates and images that openssl and sbsign made.
enum SignedImages {
    /// root ─▶ intermediate ─▶ leaf, and a stranger. `one` is signed by leaf, `two` by the stranger and then leaf.
    static func make() throws -> Scratch {
        let folder = try Scratch()
        try folder.write(try SharedData.bytes("pe/go-uefi-test.pecoff"), to: "plain")
        try folder.shell(
            """
            printf '[ca]\\nbasicConstraints=critical,CA:TRUE\\n[leaf]\\nbasicConstraints=CA:FALSE\\n' > ext
            new() { openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj /CN=$1 2>/dev/null; }
            for name in root intermediate leaf stranger; do new $name; done
            openssl x509 -req -in root.csr -signkey root.key -extfile ext -extensions ca -out root.pem
            openssl x509 -req -in stranger.csr -signkey stranger.key -extfile ext -extensions ca -out stranger.pem
            openssl x509 -req -in intermediate.csr -CA root.pem -CAkey root.key -CAcreateserial -extfile ext \\
                -extensions ca -out intermediate.pem
            openssl x509 -req -in leaf.csr -CA intermediate.pem -CAkey intermediate.key -CAcreateserial -extfile ext \\
                -extensions leaf -out leaf.pem
            sbsign --key leaf.key --cert leaf.pem --addcert intermediate.pem --output one plain
            sbsign --key stranger.key --cert stranger.pem --output half plain
            sbsign --key leaf.key --cert leaf.pem --addcert intermediate.pem --output two half
            for name in root intermediate leaf stranger; do
                openssl x509 -in $name.pem -outform der -out $name.der
                openssl asn1parse -in $name.der -inform der -strparse 4 -noout -out $name.tbs
                openssl dgst -sha256 -binary $name.tbs > $name.tbs.sha256
            done
            """)
        return folder
    }
}
